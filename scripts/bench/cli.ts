/**
 * How long somebody waits for the command line, beside Docker's own when an engine is named: one daemon here, each command line as a process
 * of its own, in turn, so that a busy moment hits all of them alike.
 */
import { spawn } from 'node:child_process'
import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { Mesh } from '../../test/support/mesh.ts'
import { figure, spread } from './figures.ts'

const rounds = Number(process.argv[2] ?? 20)
const program = resolve('bin', 'clawbernetes.cjs')
const cache = mkdtempSync(join(tmpdir(), 'claw-bench-cli-'))

interface Line {
  readonly name: string
  /** What it may take at the median, in ms. */
  readonly budgetMs: number | null
  readonly words: readonly string[]
}

/** The Node that a user has may be another, and then start a second one: that is part of the wait. */
const systemNode = '/usr/bin/node'

function linesFor(socket: string): readonly Line[] {
  const cli = (...words: readonly string[]): readonly string[] => [process.execPath, program, ...words]
  const at = ['--gateway', `unix:${socket}`]
  const docker = process.env['CLAW_LAB_DOCKER']
  return [
    { name: 'cli-help', budgetMs: 100, words: cli('--help') },
    { name: 'cli-help-of-command', budgetMs: 100, words: cli('run', '--help') },
    { name: 'cli-status', budgetMs: 150, words: cli(...at, 'status') },
    { name: 'cli-completion', budgetMs: 300, words: cli(...at, '__complete', '--', 'node', 'info', '') },
    { name: 'node-bare', budgetMs: null, words: [process.execPath, '-e', '0'] },
    ...(existsSync(systemNode)
      ? [{ name: 'cli-help-system-node', budgetMs: null, words: [systemNode, program, '--help'] }]
      : []),
    ...(docker === undefined ? [] : [{ name: 'docker-ps', budgetMs: null, words: ['docker', '-H', docker, 'ps'] }]),
  ]
}

function took({ words, name }: Line): Promise<number> {
  const [command = '', ...rest] = words
  const begun = performance.now()
  return new Promise((done, failed) => {
    const env = { ...process.env, XDG_CACHE_HOME: cache }
    const child = spawn(command, rest, { stdio: ['ignore', 'ignore', 'inherit'], env })
    child.once('error', failed)
    child.once('exit', (code) => {
      if (code === 0) done(performance.now() - begun)
      else failed(new Error(`${name} ended with ${code ?? 'a signal'}`))
    })
  })
}

const mesh = await Mesh.start({ names: ['one'] })
try {
  const lines = linesFor(mesh.get(0).socket)
  const samples = new Map<string, number[]>(lines.map(({ name }) => [name, []]))
  // The first run fills the compile cache, which a user's second run finds.
  for (const line of lines) await took(line)
  for (let round = 0; round < rounds; round += 1)
    for (const line of lines) samples.get(line.name)?.push(await took(line))
  for (const { name, budgetMs } of lines) {
    const measured = spread(samples.get(name) ?? [])
    figure(name, 'ms', { ...measured, ...(budgetMs !== null && { budgetMs, holds: measured.p50 <= budgetMs }) })
  }
} finally {
  await mesh.stop()
  rmSync(cache, { recursive: true, force: true })
}
