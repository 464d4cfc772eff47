// What every host of an emulator does: it ends when stdin closes, which happens when the gateway that started it is
// gone; and once it serves, nothing that a client sends ends it or is quoted in its log.
'use strict'
const fs = require('fs')

process.stdin.on('end', () => process.exit(0))
process.stdin.on('error', () => process.exit(0))
process.stdin.resume()

// Tell the gateway the port, on the pipe `readyFd`, and be discreet from then on.
// onError: what is to be done after an error that nobody caught.
function ready(port, readyFd, onError = () => {}) {
  for (const name of ['log', 'info', 'warn', 'error', 'debug', 'trace']) {
    console[name] = (...things) => things.filter(thing => thing instanceof Error).forEach(tell)
  }
  for (const event of ['uncaughtException', 'unhandledRejection']) {
    process.on(event, error => {
      tell(error)
      onError()
    })
  }
  fs.writeSync(Number(readyFd), port + '\n')
  fs.closeSync(Number(readyFd))
}

// An error's kind and place; its words may quote a request.
function tell(error) {
  const places = String(error?.stack).split('\n').filter(line => /^ {4}at /.test(line))
  const code = /^[A-Z][A-Z_]*$/.test(error?.code) ? ' ' + error.code : ''
  const kind = (error?.constructor?.name ?? 'error') + code
  try {
    fs.writeSync(2, [new Date().toISOString() + ' ' + kind, ...places, ''].join('\n'))
  } catch {
    // On a full disk. As a stream's error nobody caught it would be told in turn, without an end.
  }
}

module.exports = { ready, tell }
