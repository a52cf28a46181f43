#!/usr/bin/env node
'use strict'
require('./launch.cjs').launch('clawnode', process.argv.slice(2))
