"""Azure on loopback: the layer over the Cosmos DB server, and the host of an Azure function.

Nothing of the other clouds; Azurite is started by `cloud_parts`.
"""
