/** Every example of every help page, run by a shell as it stands, against real daemons with simulated GPUs and work. */
import { spawn } from 'node:child_process'
import { chmodSync, mkdirSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { loadCommand } from '../../src/doors/cli/line/find-row.ts'
import { commands } from '../../src/doors/cli/line/registry.ts'
import type { Row } from '../../src/doors/cli/line/row.ts'
import { changes, endOf, isEndless, last, notHere, simulated, Stage, typedAt } from '../support/help-examples.ts'
import { Mesh } from '../support/mesh.ts'

let mesh: Mesh
let meshName: string
let stage: Stage
let home: string

beforeAll(async () => {
  mesh = await Mesh.start({ names: ['gpu-node-1', 'gpu-node-2', 'gpu-node-3'], ...simulated })
  await mesh.voters(3)
  ;({ meshName } = await mesh.get(0).json<{ meshName: string }>('gateway', 'status'))
  home = join(mesh.directory, 'home')
  mkdirSync(join(home, 'bin'), { recursive: true })
  const program = join(home, 'bin', 'clawbernetes')
  writeFileSync(program, `#!/bin/sh\nexec '${process.execPath}' '${resolve('bin', 'clawbernetes.cjs')}' "$@"\n`)
  chmodSync(program, 0o755)
  stage = new Stage(mesh, home)
  await stage.set()
})
afterAll(async () => {
  await mesh.stop()
})

interface Ran {
  readonly code: number | null
  readonly said: string
}

/** Runs its arguments at a terminal of their own, of which standard input and output are the keyboard and the screen. */
const atTerminal = 'import os, pty, sys; sys.exit(os.waitstatus_to_exitcode(pty.spawn(sys.argv[1:])))'

function run(example: string, line: string): Promise<Ran> {
  const typed = typedAt(example, meshName)
  const shell = ['bash', '-c', `clawbernetes ${line}`]
  const [program = '', ...words] = typed === null ? shell : ['python3', '-c', atTerminal, ...shell]
  return new Promise((done) => {
    const env = {
      PATH: `${join(home, 'bin')}:${process.env['PATH'] ?? ''}`,
      HOME: home,
      SHELL: '/bin/bash',
      CLAWBERNETES_DATA_DIR: mesh.get(0).dataDir,
    }
    const child = spawn(program, words, { cwd: home, env, stdio: ['pipe', 'pipe', 'pipe'] })
    let said = ''
    for (const stream of [child.stdout, child.stderr]) stream.setEncoding('utf8').on('data', (text) => (said += text))
    child.stdin.on('error', () => {})
    if (typed === null) child.stdin.end(line.endsWith(' -') ? 'image: busybox\n' : '')
    else child.stdin.write(typed)
    // One that would go on for ever is interrupted once it has been up for a while.
    const timer = setTimeout(() => child.kill('SIGKILL'), 60_000)
    if (isEndless(example)) {
      const interrupt = (): unknown => child.kill('SIGINT')
      const latest = setTimeout(interrupt, 5_000)
      child.stdout.once('data', () => setTimeout(interrupt, 250))
      child.once('close', () => clearTimeout(latest))
    }
    child.once('close', (code) => {
      clearTimeout(timer)
      done({ code, said })
    })
  })
}

async function play(row: Row): Promise<void> {
  const { examples } = await loadCommand(row)
  const wrong: string[] = []
  for (const example of examples.filter((one) => !notHere.has(one))) {
    const line = await stage.prepared(example)
    const { code, said } = await run(example, line)
    await stage.cleared(example)
    if (code !== endOf(example)) wrong.push(`${line}\nends with ${code} and not with ${endOf(example)}:\n${said}`)
  }
  expect(wrong.join('\n')).toBe('')
}

const rows = commands.filter(({ hidden }) => hidden !== true)
const cases = (some: readonly Row[]) => some.map((row) => [row.path, row] as const)
const title = 'the examples of %s do what they say'

describe.concurrent('commands that only look', () => {
  test.each(cases(rows.filter(({ path }) => !changes.test(path))))(title, (_, row) => play(row))
})

describe('commands that change something', () => {
  const some = rows.filter(({ path }) => changes.test(path) && !last.includes(path))
  const then = last.flatMap((path) => rows.filter((row) => row.path === path))
  test.each(cases([...some, ...then]))(title, (_, row) => play(row))
})

test('every example that is not run is one that there is', async () => {
  const all = (await Promise.all(rows.map((row) => loadCommand(row)))).flatMap(({ examples }) => examples)
  expect([...notHere.keys()].filter((example) => !all.includes(example))).toEqual([])
})
