"""Azure on loopback: the layer over the Cosmos DB server, and the host process of an Azure function app.

Azurite is started by `part`.
"""
