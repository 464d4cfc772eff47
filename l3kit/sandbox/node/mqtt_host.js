// Run an MQTT broker (3.1 and 3.1.1) in memory on loopback for the l3kit sandbox.
// Usage: node mqtt_host.js <folder with node_modules> <gateway's address> <fd to write the port to>
//
// A message is acknowledged once the gateway has it: until then PUBACK is held back, and a message that the gateway
// refuses, as a cloud's broker would, closes its sender's connection. The gateway publishes by lines on stdin.
'use strict'
const http = require('http')
const net = require('net')
const path = require('path')
const readline = require('readline')
const { pathToFileURL } = require('url')
const { ready, logError } = require('./host.js')

const [, , root, gateway, readyFd] = process.argv
// Of a packet with its topic: above the largest message that a cloud takes, 10 MB (Pub/Sub).
const MAX_PACKET_BYTES = 10 * 1024 * 1024 + 128 * 1024
const BATCH_BYTES = 4 * 1024 * 1024
const BATCH_MESSAGES = 500

// Messages on their way to the gateway: in order of arrival, one request at a time.
class Outlet {
  constructor (address) {
    this.options = { method: 'POST', agent: new http.Agent({ keepAlive: true, maxSockets: 1 }) }
    this.url = address + '/_sandbox/broker/messages'
    this.waiting = []
    this.busy = false
  }

  // Hand a message over; `done` gets an error unless the gateway took it.
  offer (message, done) {
    this.waiting.push({ message, done })
    if (!this.busy) this.next()
  }

  next () {
    const batch = []
    let bytes = 0
    while (this.waiting.length && batch.length < BATCH_MESSAGES && bytes < BATCH_BYTES) {
      batch.push(this.waiting.shift())
      bytes += batch.at(-1).message.payload.length
    }
    this.busy = batch.length > 0
    if (!this.busy) return
    this.send(batch.map(one => one.message), (error, refused) => {
      batch.forEach((one, index) => one.done(error ?? (refused.has(index) ? new Error('refused by the gateway') : null)))
      this.next()
    })
  }

  send (messages, callback) {
    const settle = (...outcome) => {
      const first = callback
      callback = () => {}
      first(...outcome)
    }
    const headers = { 'X-L3kit-Sandbox': '1', 'Content-Type': 'application/json' }
    const request = http.request(this.url, { ...this.options, headers }, answer => {
      const parts = []
      answer.on('data', part => parts.push(part))
      answer.on('error', settle)
      answer.on('end', () => {
        if (answer.statusCode !== 200) return settle(new Error('the gateway failed'))
        try {
          settle(null, new Set(JSON.parse(Buffer.concat(parts)).refused))
        } catch (error) {
          settle(error)
        }
      })
    })
    request.on('error', settle)
    request.end(JSON.stringify(messages))
  }
}

// Let the parser refuse a packet by its announced length, before any of its content is kept.
function limitPackets () {
  const Parser = require(path.join(root, 'node_modules', 'mqtt-packet', 'parser.js'))
  const parse = Parser.prototype._parseLength
  Parser.prototype._parseLength = function () {
    const complete = parse.call(this)
    if (complete && this.packet.length > MAX_PACKET_BYTES) {
      this._emitError(new Error('the packet is too long'))
      return false
    }
    return complete
  }
}

async function main () {
  limitPackets()
  const { Aedes } = await import(pathToFileURL(path.join(root, 'node_modules', 'aedes', 'aedes.js')))
  const outlet = new Outlet(gateway)
  const broker = await Aedes.createBroker({ queueLimit: 1000, maxClientsIdLength: 65535 })
  broker.authorizePublish = (client, packet, done) => {
    if (packet.topic.startsWith('$')) return done(new Error('reserved topic'))
    if (packet.qos > 1) return done(new Error('IoT Core and IoT Hub take QoS 0 and 1'))
    const payload = Buffer.from(packet.payload).toString('base64')
    outlet.offer({ topic: packet.topic, client: client?.id ?? '', payload }, done)
  }
  readline.createInterface({ input: process.stdin }).on('line', line => {
    const { topic, payload } = JSON.parse(line)
    const packet = { cmd: 'publish', topic, payload: Buffer.from(payload, 'base64'), qos: 1, retain: false }
    broker.publish(packet, error => error && logError(error))
  })
  const server = net.createServer(broker.handle)
  server.listen(0, '127.0.0.1', () => ready(server.address().port, readyFd))
}

main().catch(error => {
  console.error(error)
  process.exit(1)
})
