"""Azure: Cosmos DB as hot tier and journal, Blob Storage as cold and archive tier.

Adapters of `l3kit.tiering.ports` on Azure's own SDKs; nothing here is imported before an Azure tier is used.
"""
