'use strict'
// The part of the launcher that old Nodes cannot parse or run. launch.cjs requires it only where both work.
const { enableCompileCache } = require('node:module')
const { homedir } = require('node:os')
const { join } = require('node:path')
const { pathToFileURL } = require('node:url')

/**
 * Loads a program into this process. Compiled code is kept between runs, which halves the start-up of the command line;
 * it is kept in the user's own cache folder, because code taken from a shared /tmp could be anyone's.
 */
exports.load = function load(file, args) {
  const cache = process.env.XDG_CACHE_HOME || join(homedir(), '.cache')
  enableCompileCache(join(cache, 'clawbernetes', 'compiled'))
  process.argv = [process.argv[0], file, ...args]
  return import(pathToFileURL(file).href)
}
