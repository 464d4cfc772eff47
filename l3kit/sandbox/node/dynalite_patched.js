// dynalite, patched: values compare as in DynamoDB, no attribute name is special, a failed condition returns the item,
// and no client input ends the process.
//
// For speed it also stores texts as texts and accepts calls without an HTTP request for each.
// dynalite has no hook for its comparison, so its files are compiled with replacements. The version is locked; the start
// fails with an error if a text to replace does not occur exactly as often as expected.
'use strict'
const { EventEmitter } = require('events')
const Module = require('module')
const fs = require('fs')
const path = require('path')

// Appended to the file: of several functions with one name, JavaScript uses the last.
const COMPARISON = `
function attributesEqual (one, other) {
  const [ kind ] = Object.keys(one)
  return Object.hasOwn(other, kind) && valsEqual(one[kind], other[kind])
}

function valsEqual (one, other) {
  if (Array.isArray(one)) {
    if (!Array.isArray(other) || one.length != other.length) return false
    if (one.some(entry => typeof entry == 'object')) return one.every((entry, at) => attributesEqual(entry, other[at]))
    const members = new Set(other)
    return one.every(member => members.has(member))
  }
  if (typeof one == 'object' && typeof other == 'object' && one && other) {
    const names = Object.keys(one)
    return names.length == Object.keys(other).length &&
      names.every(name => Object.hasOwn(other, name) && attributesEqual(one[name], other[name]))
  }
  return one === other
}

function contains (kind, wanted, attrType, attrVal) {
  if (attrType == 'L') return attrVal.some(entry => attributesEqual(entry, { [kind]: wanted }))
  if (attrType == kind + 'S') return attrVal.includes(wanted)
  if (attrType != kind) return false
  if (kind == 'S') return attrVal.includes(wanted)
  return kind == 'B' && Buffer.from(attrVal, 'base64').includes(Buffer.from(wanted, 'base64'))
}

function mapPath (path, item) {
  let found = { M: item }
  for (const piece of path) {
    const place = typeof piece == 'number' ? found.L : found.M
    if (!place || !Object.hasOwn(place, piece)) return undefined
    found = place[piece]
  }
  return found
}
`
// Read synchronously from memory, without a promise.
const STORE = `
function got (db, key, callback) {
  if (db.status != 'open') return db.get(key, callback)
  let value
  try {
    value = db.getSync(key)
  } catch (error) {
    return setImmediate(callback, error)
  }
  setImmediate(callback, null, value)
}
`
const STORED = [
  ["new MemoryLevel({ valueEncoding: 'json' })", "new MemoryLevel({ valueEncoding: 'json', storeEncoding: 'utf8' })", 1],
  ['mainDb.get(prefix + key, callback)', 'got(mainDb, prefix + key, callback)', 1],
]
// Carry out a call without an HTTP request.
const CALLED = `
function perform (store, target, content, done) {
  const action = validations.toLowerFirst(target)
  const { types, custom } = actionValidations[action]
  let data
  try {
    data = validations.checkTypes(content, types)
    validations.checkValidations(data, types, custom, store)
  } catch (error) {
    if (error.statusCode) return done(error.statusCode, error.body)
    throw error
  }
  actions[action](store, data, (error, found) => {
    if (error && !error.statusCode) throw error
    error ? done(error.statusCode, error.body) : done(200, found)
  })
}
`
const CALLABLE = [
  ['httpHandler.bind(null, store)', 'Object.assign(httpHandler.bind(null, store), { perform: perform.bind(null, store) })', 1],
]
const NEW = new Set(['attributesEqual', 'got', 'perform'])
const NAMED_BY_CLIENTS = [
  ['return newVal\n      }, {})', 'return newVal\n      }, Object.create(null))', 2],
]
const PROJECTED = [['curItem.M = curItem.M || {}', 'curItem.M = curItem.M || Object.create(null)', 1]]
// Accept an empty text and false as values.
const FALSY = [
  ["case 'in':\n    if (!attrVal)", "case 'in':\n    if (attrVal == null)", 1],
  ['if (!attrVal || ', 'if (attrVal == null || ', 2],
  ['if (val.S) {', 'if (val.S != null) {', 1],
  ['if (val.B) {', 'if (val.B != null) {', 1],
]
// Do not repeat the header in the answer.
const REPEATED = [["msg += 'Authorization=' + authHeader", "msg += 'Authorization=...'", 1]]
const FAILED = {
  __type: 'com.amazonaws.dynamodb.v20120810#InternalServerError',
  message: 'The request processing has failed because of an unknown error, exception or failure.',
}
const ALL_OLD = 'ReturnValuesOnConditionCheckFailure'

// Load the patched module `dynalite` below `root`.
function load(root) {
  const folder = path.join(root, 'node_modules', 'dynalite')
  compile(path.join(folder, 'validations', 'index.js'), NAMED_BY_CLIENTS, '')
  const db = compile(path.join(folder, 'db', 'index.js'), [...PROJECTED, ...FALSY, ...STORED], COMPARISON + STORE)
  for (const name of ['putItem', 'updateItem', 'deleteItem']) {
    const { types } = require(path.join(folder, 'validations', name))
    types[ALL_OLD] = { type: 'String', enum: ['ALL_OLD', 'NONE'] }
  }
  const check = db.checkConditional
  db.checkConditional = (data, existing) => {
    const refused = check(data, existing)
    if (refused && existing && data[ALL_OLD] == 'ALL_OLD') refused.body.Item = existing
    return refused
  }
  return compile(path.join(folder, 'index.js'), [...REPEATED, ...CALLABLE], CALLED)
}

function compile(file, changes, addition) {
  let text = fs.readFileSync(file, 'utf8')
  for (const name of addition.matchAll(/^function (\w+)/gm)) {
    const known = text.split(`function ${name[1]} (`).length - 1
    if (known != 1 && !NEW.has(name[1])) throw new Error(`${file}: ${known} functions ${name[1]}, not 1`)
  }
  for (const [old, changed, times] of changes) {
    const parts = text.split(old)
    if (parts.length - 1 != times) throw new Error(`${file}: ${parts.length - 1} times, not ${times}: ${old}`)
    text = parts.join(changed)
  }
  const made = new Module(file, module)
  made.filename = file
  made.paths = Module._nodeModulePaths(path.dirname(file))
  made._compile(text + addition, file)
  made.loaded = true
  require.cache[file] = made
  return made.exports
}

// Make `server` buffer each request before dynalite handles it, accept many calls in one request, and answer exceptions
// with status 500. Returns: a function that fails all open requests, for an error that belongs to no known request.
// POST /many: [{"target": "DeleteItem", "content": {...}}, ...]; the answer: [{"status": 200, "content": {...}}, ...].
function serve(server) {
  const [handle] = server.listeners('request')
  const open = new Set()
  server.removeAllListeners('request')
  server.on('request', async (request, response) => {
    const blocks = []
    try {
      for await (const block of request) blocks.push(block)
    } catch {
      return // The client has disconnected.
    }
    const body = Buffer.concat(blocks)
    if (request.url == '/many') {
      const answers = await many(body, handle, open).catch(error => console.error(error))
      return answers ? response.end(JSON.stringify(answers)) : fail(response)
    }
    response.on('close', () => open.delete(response))
    give(request, body, response, handle, open)
  })
  return () => {
    open.forEach(fail) // The failed request is unknown here.
    open.clear()
  }
}

async function many(body, handle, open) {
  return Promise.all(JSON.parse(body).map(({ target, content }) => new Promise(resolve => {
    const done = (status, content) => {
      open.delete(response)
      resolve({ status, content })
    }
    const response = { end: () => done(500, FAILED) } // for `fail`
    open.add(response)
    try {
      handle.perform(target, content, done)
    } catch (error) {
      console.error(error)
      fail(response)
    }
  })))
}

// Pass a buffered request to dynalite.
function give({ method, url, headers }, body, response, handle, open) {
  const request = Object.assign(new EventEmitter(), { method, url, headers })
  open.add(response)
  try {
    handle(request, response)
    request.emit('data', body)
    request.emit('end')
  } catch (error) {
    console.error(error)
    open.delete(response)
    fail(response)
  }
}

function fail(response) {
  if (response.headersSent) return
  response.statusCode = 500
  response.end(JSON.stringify(FAILED))
}

module.exports = { load, serve }
