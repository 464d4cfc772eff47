// Run Azurite's blob service on loopback for the l3kit sandbox, without telemetry.
// Usage: node azurite_host.js <folder with node_modules> <folder for its data> <fd to write the port to>
'use strict'
const fs = require('fs')
const path = require('path')
const { patchDisk } = require('./azurite_disk.js')
const { ready } = require('./host.js')
const [, , root, data, readyFd] = process.argv
const { BlobServerFactory } = require(path.join(root, 'node_modules', 'azurite', 'dist', 'src', 'blob', 'BlobServerFactory'))

const settings = {
  location: async () => data,
  debug: async () => undefined,
  blobHost: () => '127.0.0.1',
  blobPort: () => 0,
  blobKeepAliveTimeout: () => 3600,
  silent: () => true,
  loose: () => false,
  // The SDKs are newer than Azurite and send API versions unknown to it.
  skipApiVersionCheck: () => true,
  disableProductStyleUrl: () => true,
  inMemoryPersistence: () => false,
  extentMemoryLimit: () => undefined,
  cert: () => undefined,
  key: () => undefined,
  pwd: () => undefined,
  oauth: () => undefined,
}

async function main() {
  fs.mkdirSync(data, { recursive: true })
  patchDisk(root)
  const server = await new BlobServerFactory().createServer(settings)
  await server.start()
  ready(new URL(server.getHttpServerAddress()).port, readyFd)
}

main().catch((error) => {
  console.error(error)
  process.exit(1)
})
