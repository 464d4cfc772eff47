// Runs dynalite in memory on loopback for the l3kit sandbox.
// Usage: node dynalite_host.js <folder with node_modules> <fd to write the port to>
// It ends when stdin closes, which happens when the gateway that started it is gone.
'use strict'
const fs = require('fs')
const [, , root, readyFd] = process.argv
const { load, serve } = require('./dynalite_mended.js')

const server = load(root)({ createTableMs: 0, deleteTableMs: 0, updateTableMs: 0 })
serve(server)
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
