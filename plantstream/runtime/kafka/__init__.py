"""The only place that imports aiokafka: adapters from the ports of the loops to a broker."""
