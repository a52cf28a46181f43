/** One process that hosts daemons of a simulation. */
import { type ChildProcess, fork } from 'node:child_process'
import { closeSync, existsSync, openSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { ClawError, failureFrom } from '../../model/failure.ts'
import type { FromWorker, ToWorker } from './worker-messages.ts'

/** This code may be in a piece of the bundle one folder below the programs. */
const places = ['./sim-worker.js', '../sim-worker.js'].map((place) => fileURLToPath(new URL(place, import.meta.url)))

function program(): string {
  const found = places.find((place) => existsSync(place))
  if (found === undefined) throw new Error(`sim-worker.js is not there: looked for ${places.join(', ')}`)
  return found
}

export interface HostProcess {
  readonly pid: number
  /** Peers that it has, or had when it ended. */
  readonly peers: Set<string>
  /** Carries one order out. Throws what the daemon threw, or INTERNAL when the process ends first. */
  order(message: ToWorker): Promise<void>
  /** Ends it at once, as a power cut would. */
  kill(): Promise<void>
  /** Resolves when it has ended, with its last words. */
  readonly ended: Promise<string>
}

export function startHostProcess(logFile: string, onBroken: (peer: string) => void): HostProcess {
  const log = openSync(logFile, 'a')
  const child = fork(program(), [], { stdio: ['ignore', log, log, 'ipc'] })
  closeSync(log)
  const waiting = new Map<string, (answer: FromWorker | null) => void>()
  child.on('message', (message: FromWorker) => {
    if (message.type === 'broken') return onBroken(message.peer)
    waiting.get(message.peer)?.(message)
  })
  const ended = new Promise<string>((resolve) => {
    child.once('exit', () => {
      for (const answer of waiting.values()) answer(null)
      resolve(lastWords(logFile))
    })
    // A process that cannot be started has no exit; its failure is told by whoever waits for its answer.
    child.once('error', (error) => resolve(error.message))
  })
  return {
    pid: child.pid ?? 0,
    peers: new Set(),
    order: (message) => ordered(child, message, { waiting, logFile }),
    async kill() {
      child.kill('SIGKILL')
      await ended
    },
    ended,
  }
}

async function ordered(
  child: ChildProcess,
  message: ToWorker,
  { waiting, logFile }: { waiting: Map<string, (answer: FromWorker | null) => void>; logFile: string },
): Promise<void> {
  const answer = await new Promise<FromWorker | null>((resolve) => {
    waiting.set(message.peer, resolve)
    if (child.connected) child.send(message)
    else resolve(null)
  })
  waiting.delete(message.peer)
  if (answer === null)
    throw new ClawError('INTERNAL', { detail: `the process of ${message.peer} ended: ${lastWords(logFile)}` })
  if (answer.type === 'failed') throw failureFrom(answer.failure)
}

const lastWords = (logFile: string): string => readFileSync(logFile, 'utf8').trimEnd().split('\n').slice(-12).join('\n')
