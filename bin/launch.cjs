'use strict'
// Starts a program under a Node that is new enough. Whoever runs this may have any Node at all, and should get one clear
// line instead of a syntax error from deep inside a library; hence ES5 and CommonJS.
var childProcess = require('child_process')
var fs = require('fs')
var os = require('os')
var path = require('path')

var root = path.dirname(__dirname)
var oldest = [22, 12]
var EX_CONFIG = 78

/** Tells a relaunched process that it is one, so that a stale toolchain ends in a message and not in a loop. */
var RELAUNCHED = 'CLAWBERNETES_RELAUNCHED'

function isNewEnough(version) {
  var parts = version.replace(/^v/, '').split('.')
  var major = Number(parts[0])
  return major > oldest[0] || (major === oldest[0] && Number(parts[1]) >= oldest[1])
}

/** The Node that the set-up put beside the tree, or that an npm package named "node" brought along. */
function findNode() {
  var candidates = [path.join(root, '.toolchain', 'node_modules'), path.join(root, 'node_modules')].map(
    function (folder) {
      return path.join(folder, 'node', 'bin', 'node')
    }
  )
  for (var i = 0; i < candidates.length; i++) if (fs.existsSync(candidates[i])) return candidates[i]
  return null
}

function fail(sentence) {
  process.stderr.write(sentence + '\n')
  process.exit(EX_CONFIG)
}

function tooOld() {
  var isClone = fs.existsSync(path.join(root, 'scripts', 'setup.mjs'))
  var advice = isClone ? '"node scripts/setup.mjs" in ' + root + ' fetches one' : 'see https://nodejs.org'
  fail('clawbernetes needs Node ' + oldest.join('.') + ' or newer, and this is ' + process.version + ': ' + advice)
}

function locate(program) {
  var file = /[\\/]/.test(program) ? path.resolve(root, program) : path.join(root, 'dist', program + '.js')
  if (fs.existsSync(file)) return file
  return fail(path.relative(root, file) + ' is not there: run "npm run build" in ' + root)
}

/**
 * Runs the program under another Node, as if that were this process: same streams, signals passed on, same exit code.
 * At a terminal Ctrl-C reaches the child by itself, and a second interrupt would read as impatience.
 */
function relaunch(node, script, args) {
  var env = Object.assign({}, process.env)
  env[RELAUNCHED] = '1'
  var child = childProcess.spawn(node, [script].concat(args), { stdio: 'inherit', env: env })
  var passOn = ['SIGTERM', 'SIGHUP', 'SIGUSR2'].concat(process.stdin.isTTY ? [] : ['SIGINT'])
  var handlers = {}

  ;['SIGINT'].concat(passOn).forEach(function (name) {
    if (handlers[name]) return
    handlers[name] = function () {
      if (passOn.indexOf(name) >= 0) child.kill(name)
    }
    process.on(name, handlers[name])
  })
  child.on('error', function (error) {
    fail('cannot start ' + node + ': ' + error.message)
  })
  child.on('exit', function (code, signal) {
    Object.keys(handlers).forEach(function (name) {
      process.removeListener(name, handlers[name])
    })
    if (signal === null) process.exit(code)
    process.kill(process.pid, signal)
    // A signal that does not end this process (some are ignored by Node) still has to end in a failure.
    setTimeout(function () {
      process.exit(128 + (os.constants.signals[signal] || 1))
    }, 1000)
  })
}

exports.isNewEnough = isNewEnough
exports.findNode = findNode

/** Runs dist/<program>.js, or the file itself when the program is a path, with the arguments given. */
exports.launch = function launch(program, args) {
  if (isNewEnough(process.version)) {
    delete process.env[RELAUNCHED]
    require('./modern.cjs').load(locate(program), args)
    return
  }
  var node = process.env[RELAUNCHED] ? null : findNode()
  if (node === null) return tooOld()
  relaunch(node, process.argv[1], process.argv.slice(2))
}
