-- The comment of plant_file.quality names the keys by which seals of signatures are verified.
-- migrate:up

COMMENT ON COLUMN plant_file.quality IS
    'What the file asks of tests, and whose seals count: {minimum_results, minimum_batches, signature_keys, specifications}; signature_keys an array of public keys, specifications one of {product, test, since, lower, upper, accepted, area}. Files that were stored before lack what is newer; {} is older than this column.';

-- migrate:down

COMMENT ON COLUMN plant_file.quality IS
    'What the file asks of tests: {minimum_results, minimum_batches, specifications}, these an array of {product, test, since, lower, upper, accepted, area}; {} of files that were stored before there was this column.';
