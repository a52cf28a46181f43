/** The programs of a host: where they are, and, where its owner lets others, running them. */
import { z } from 'zod'
import { ClawError } from '../../model/failure.ts'
import type { Millis } from '../../model/time.ts'
import { askedNode, nodeAsked } from '../workload/container-ref.ts'
import { tell } from '../mesh/events-told.ts'
import { processText } from '../fields.ts'
import { nameOf } from './node-view.ts'
import { unary } from '../operation.ts'
import { headOf } from '../logs/output-text.ts'

const programName = z.string().regex(/^[A-Za-z0-9_][A-Za-z0-9_.+-]{0,63}$/, 'must be the plain name of a program')

export const systemWhich = unary({
  name: 'system.which',
  about: 'Find programs on a node.',
  input: z.strictObject({ node: askedNode, bins: z.array(programName).min(1).max(64) }),
  output: z.object({
    bins: z.record(z.string(), z.string().nullable()).describe('Path of each; null when it is not there'),
  }),
  permission: { verb: 'read', resource: 'node' },
  where: nodeAsked,
  async handler({ bins }, { programs }) {
    const found = await Promise.all(bins.map(async (name) => [name, await programs.find(name)] as const))
    return { bins: Object.fromEntries(found) }
  },
})

/** Kept of stdout and of stderr. */
const maxBytes = 262_144
/** What a program finds in its environment, besides what it is given. */
const usualEnv = { PATH: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin', HOME: '/', LANG: 'C.UTF-8' }
/** With these, a program that may be run would run another. */
const leading = /^(LD_|DYLD_|GIT_|PYTHON|PERL|RUBY|NODE_|BASH_|ENV$|IFS$|PATH$)/

export const systemRun = unary({
  name: 'system.run',
  about:
    'Run a program of a node, without a shell. Off unless the node’s configuration allows it; every run is an event of the mesh.',
  input: z.strictObject({
    node: askedNode,
    command: z.array(processText(32_768)).min(1).max(256).describe('The program and its arguments'),
    cwd: processText(4_096).startsWith('/', 'must be an absolute path').default('/'),
    env: z
      .array(processText(32_768).regex(/^[A-Za-z_][A-Za-z0-9_]*=/, 'must be NAME=value'))
      .max(256)
      .default([]),
    timeoutMs: z
      .int()
      .min(1)
      .max(600_000)
      .default(30_000)
      .describe('After that, it is killed with all that it has started'),
  }),
  output: z.object({
    exitCode: z.int().nullable().describe('Null when it was killed, or could not be started'),
    stdout: z.string().describe('The first 256 KiB; less where JSON needs more than 448 KiB for that'),
    stderr: z.string(),
    success: z.boolean(),
    timedOut: z.boolean(),
    truncated: z.boolean(),
  }),
  secretFields: ['env'],
  permission: { verb: 'change', resource: 'node' },
  where: nodeAsked,
  patience: ({ timeoutMs }) => ({ span: timeoutMs + toAnswer, what: 'system.run' }),
  async handler({ command, cwd, env, timeoutMs }, context, { caller, signal }) {
    const [name = '', ...args] = command
    const { programs, control, self, log } = context
    const given = env.map(pairOf)
    const program = await programs.allowed(name)
    const what = `${caller.id} runs ${printed(command)} on ${nameOf(control.state, self)}`
    // Told before it runs: what cannot be told is not done.
    await tell({ source: 'system.run', severity: 'info', message: what.slice(0, 1_024) }, { context, caller, signal })
    log.info('a program is run for somebody', { caller: caller.id, command })
    const result = await programs.run({
      ...{ program, args, cwd, timeoutMs, maxBytes, signal },
      env: { ...usualEnv, ...Object.fromEntries(given) },
    })
    signal.throwIfAborted()
    return { ...result, ...headOf(result), success: result.exitCode === 0 }
  },
})

const toAnswer: Millis = 5_000

function pairOf(pair: string): readonly [string, string] {
  const cut = pair.indexOf('=')
  const name = pair.slice(0, cut)
  if (leading.test(name)) throw new ClawError('INVALID_REQUEST', { problem: `env: ${name} would change what is run` })
  return [name, pair.slice(cut + 1)]
}

const printed = (command: readonly string[]): string =>
  command.map((word) => (/^[\w@%+=:,./-]+$/.test(word) ? word : JSON.stringify(word))).join(' ')
