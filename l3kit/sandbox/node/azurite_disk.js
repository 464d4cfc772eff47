// Patch Azurite's answer on an unwritable disk: the operating system's error, immediately, with the body drained.
// Unpatched, it answers "Internal Server Error" and leaves the rest of a large body unread, so that the next request on
// that connection hangs.
'use strict'
const path = require('path')
const { inspect } = require('util')
const { logError } = require('./host.js')

const WORDS = {
  ENOSPC: 'No space left on device. Make room on that disk',
  EDQUOT: 'Disk quota exceeded. Make room within your quota',
  EFBIG: "File too large. Make room, or raise the limit of a file's size",
  EROFS: 'Read-only file system. Start the sandbox with another home',
  EACCES: 'Permission denied. Allow this user to write there',
}

// root: folder with node_modules.
function patchDisk(root) {
  const place = (...names) => require(path.join(root, 'node_modules', 'azurite', 'dist', 'src', ...names)).default
  const Store = place('common', 'persistence', 'FSExtentStore')
  const StorageError = place('blob', 'errors', 'StorageError')
  for (const name of ['appendExtent', 'streamPipe']) {
    if (typeof Store.prototype[name] != 'function') throw new Error(`Azurite's store has no ${name}: ${inspect(Store)}`)
  }
  const { appendExtent, streamPipe } = Store.prototype
  Store.prototype.streamPipe = async function (body, ...rest) {
    try {
      return await streamPipe.call(this, body, ...rest)
    } catch (error) {
      body.removeAllListeners('data')
      body.resume()
      throw error
    }
  }
  Store.prototype.appendExtent = async function (body, request) {
    try {
      return await appendExtent.call(this, body, request)
    } catch (error) {
      if (typeof body.resume == 'function') body.resume()
      if (!(error?.code in WORDS)) throw error
      logError(error)
      throw new StorageError(500, 'InternalError', `The blob cannot be written: ${WORDS[error.code]}`, request ?? '')
    }
  }
}

module.exports = { patchDisk }
