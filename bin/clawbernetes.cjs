#!/usr/bin/env node
'use strict'
require('./launch.cjs').launch('clawbernetes', process.argv.slice(2))
