// Common behaviour of all emulator hosts: the process ends when stdin closes, that is, together with the gateway that
// started it; after start-up, no client input ends it or is quoted in its log.
'use strict'
const fs = require('fs')

process.stdin.on('end', () => process.exit(0))
process.stdin.on('error', () => process.exit(0))
process.stdin.resume()

// Write the port to the pipe `readyFd` and redact all later log output.
// onError: called after an uncaught error.
function ready(port, readyFd, onError = () => {}) {
  for (const name of ['log', 'info', 'warn', 'error', 'debug', 'trace']) {
    console[name] = (...things) => things.filter(thing => thing instanceof Error).forEach(logError)
  }
  for (const event of ['uncaughtException', 'unhandledRejection']) {
    process.on(event, error => {
      logError(error)
      onError()
    })
  }
  fs.writeSync(Number(readyFd), port + '\n')
  fs.closeSync(Number(readyFd))
}

// Log an error's type and stack, but not its message, which may quote a request.
function logError(error) {
  const places = String(error?.stack).split('\n').filter(line => /^ {4}at /.test(line))
  const code = /^[A-Z][A-Z_]*$/.test(error?.code) ? ' ' + error.code : ''
  const kind = (error?.constructor?.name ?? 'error') + code
  try {
    fs.writeSync(2, [new Date().toISOString() + ' ' + kind, ...places, ''].join('\n'))
  } catch {
    // On a full disk: an uncaught stream error would be logged in turn, endlessly.
  }
}

module.exports = { ready, logError }
