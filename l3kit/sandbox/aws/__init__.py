"""AWS on loopback: layers in front of moto and dynalite, Lambda's API and instances, and permissions."""
