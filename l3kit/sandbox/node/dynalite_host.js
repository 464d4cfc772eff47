// Run dynalite in memory on loopback for the l3kit sandbox.
// Usage: node dynalite_host.js <folder with node_modules> <fd to write the port to>
'use strict'
const [, , root, readyFd] = process.argv
const { ready } = require('./host.js')
const { load, serve } = require('./dynalite_patched.js')

const server = load(root)({ createTableMs: 0, deleteTableMs: 0, updateTableMs: 0 })
const failOpen = serve(server)
// The gateway keeps connections open; closing them from here would race with its next request.
server.keepAliveTimeout = 3600 * 1000
server.requestTimeout = 0
server.listen(0, '127.0.0.1', () => ready(server.address().port, readyFd, failOpen))
