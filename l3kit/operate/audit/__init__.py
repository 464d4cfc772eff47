"""The audit of a twin's cold and archive tiers; start reading at `auditing.audit`."""
