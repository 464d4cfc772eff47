"""What moving and keeping telemetry costs: price book, model, meter, analyses. docs/cost.md explains the formulas."""
