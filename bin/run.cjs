#!/usr/bin/env node
'use strict'
// Runs a program of the tree, by its name in dist/ or by its path, under a Node that is new enough: node bin/run.cjs quickstart
var program = process.argv[2]
if (!program) {
  process.stderr.write('usage: node bin/run.cjs PROGRAM [ARGUMENT...]\n')
  process.exit(64)
}
require('./launch.cjs').launch(program, process.argv.slice(3))
