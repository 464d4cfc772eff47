// Run the Cosmos DB server in memory on loopback, over plain HTTP, for the l3kit sandbox.
// Usage: node cosmos_host.js <folder with node_modules> <fd to write the port to>
'use strict'
const path = require('path')
const { ready } = require('./host.js')
const [, , root, readyFd] = process.argv
const { createHttpServer } = require(path.join(root, 'node_modules', '@vercel', 'cosmosdb-server'))

const server = createHttpServer()
// The gateway keeps connections open; closing them from here would race with its next request.
server.keepAliveTimeout = 3600 * 1000
server.requestTimeout = 0
// The server would repeat the request's URL, query included, in a header that no client reads.
server.prependListener('request', (request, response) => {
  const set = response.setHeader
  response.setHeader = (name, value) => name == 'content-location' ? response : set.call(response, name, value)
})
server.listen(0, '127.0.0.1', () => ready(server.address().port, readyFd))
