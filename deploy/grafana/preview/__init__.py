"""Pictures of the dashboards without Grafana: the same questions, drawn by uPlot in Chromium."""
