"""The alarms of a twin on its clouds, and who is notified."""
