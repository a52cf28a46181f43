/**
 * Runs benchmarks: node scripts/bench/run.mjs NAME [arguments], or `all` for those of docs/performance.md, one after the other.
 */
import { cpus, loadavg, release, totalmem } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { bundleAndRun } from '../bundle.mjs'

const here = dirname(fileURLToPath(import.meta.url))

/** Those that need nothing but this machine; `submit` and `images` join them where the lab's engine is named. */
const all = [
  'daemon',
  'eventloop',
  'writes',
  'capacity',
  'failover',
  'detection',
  'scheduler',
  'gangs',
  'placements',
  'proxy',
  'membership',
  'molt-payments',
]

/** What the figures that follow were measured on, and how busy it was. */
function machine() {
  const processors = cpus()
  const facts = {
    processor: processors[0]?.model.trim(),
    cores: processors.length,
    memoryGib: Math.round(totalmem() / 2 ** 30),
    kernel: release(),
    node: process.version,
    load: loadavg().map((value) => Number(value.toFixed(1))),
  }
  return JSON.stringify({ figure: 'machine', ...facts, at: new Date().toISOString() })
}

async function run(name, args) {
  console.log(machine())
  return bundleAndRun(join(here, `${name}.ts`), { folder: 'bench', nodeFlags: ['--max-old-space-size=8192'], args })
}

const [name, ...rest] = process.argv.slice(2)
if (name === undefined) {
  console.error('bench: name one of the .ts files in scripts/bench, without its ending, or all')
  process.exit(2)
}
const names = name !== 'all' ? [name] : process.env.CLAW_LAB_DOCKER ? [...all, 'submit', 'images'] : all
for (const each of names) process.exitCode = Math.max(process.exitCode ?? 0, await run(each, rest))
