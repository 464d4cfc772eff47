"""AWS on loopback: what stands in front of moto and dynalite, Lambda's API and instances, permissions.

Nothing of the other clouds.
"""
