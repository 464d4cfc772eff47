// Runs the Cosmos DB server in memory on loopback, over plain HTTP, for the l3kit sandbox.
// Usage: node cosmos_host.js <folder with node_modules> <fd to write the port to>
// It ends when stdin closes, which happens when the gateway that started it is gone.
'use strict'
const fs = require('fs')
const path = require('path')
const [, , root, readyFd] = process.argv
const { createHttpServer } = require(path.join(root, 'node_modules', '@vercel', 'cosmosdb-server'))

const server = createHttpServer()
// The gateway keeps connections open; closing them from here would race with its next request.
server.keepAliveTimeout = 3600 * 1000
server.requestTimeout = 0
server.listen(0, '127.0.0.1', () => {
  fs.writeSync(Number(readyFd), String(server.address().port) + '\n')
  fs.closeSync(Number(readyFd))
})
process.stdin.on('end', () => process.exit(0))
process.stdin.on('error', () => process.exit(0))
process.stdin.resume()
