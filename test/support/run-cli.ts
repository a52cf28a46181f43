/** Runs command lines of the CLI against made-up answers. */
import { Api } from '../../src/doors/cli/peer/api.ts'
import { main } from '../../src/doors/cli/main.ts'
import { callerOf } from '../../src/operations/caller.ts'
import type { Operation } from '../../src/operations/operation.ts'
import { operations } from '../../src/operations/registry.ts'
import { FakeInvoker } from './fake-invoker.ts'
import { type FakeHost, fakeHost } from './fake-host.ts'
import { expect } from 'vitest'

export type Answers = ConstructorParameters<typeof FakeInvoker>[0]

interface Ran {
  readonly code: number
  readonly out: string
  readonly err: string
  readonly asked: FakeInvoker['asked']
}

const all: readonly Operation[] = operations
const inputOf = new Map(all.map(({ name, input }) => [name, input]))

/** Runs a command line against these answers. What it asks must be what the operation's schema takes. */
export async function cli(
  line: readonly string[],
  answers: Answers = {},
  host: FakeHost = fakeHost(),
  { signal }: AbortController = new AbortController(),
): Promise<Ran> {
  const invoker = new FakeInvoker(answers)
  const caller = callerOf({ kind: 'socket' })
  const check = (name: string, input: unknown): void => {
    const result = inputOf.get(name)?.safeParse(JSON.parse(JSON.stringify(input)))
    expect(result?.error?.issues ?? [], name).toEqual([])
  }
  const transport = {
    address: 'unix:/run/test.sock',
    invoke(name: string, input: unknown) {
      check(name, input)
      return invoker.invoke(name, input, { caller, signal })
    },
    open(name: string, input: unknown, inner: AbortSignal) {
      check(name, input)
      return invoker.open(name, input, { caller, signal: inner })
    },
    converse(name: string, input: unknown, inner: AbortSignal) {
      check(name, input)
      return invoker.converse(name, input, { caller, signal: inner })
    },
    close: () => Promise.resolve(),
  }
  const code = await main(line, host, signal, () => Promise.resolve(new Api(transport)))
  return { code, out: host.stdout.text, err: host.stderr.text, asked: invoker.asked }
}

export async function* items(...values: readonly unknown[]): AsyncIterable<unknown> {
  for (const value of values) yield await Promise.resolve(value)
}

export const workload = (parts: Record<string, unknown> = {}) => ({
  ...{
    id: 'wl-1',
    name: 'job',
    state: 'completed',
    part: null,
    node: 'n1',
    nodeId: 'id',
    attempt: 1,
    devices: ['G0'],
    exitCode: 0,
  },
  ...{ error: null, reason: null, progress: null, image: 'busybox', command: [], env: {}, mounts: [], gpus: 1 },
  ...{
    gpuModel: null,
    memoryMib: null,
    cpus: null,
    namespace: 'default',
    labels: {},
    priority: 500,
    timeoutSeconds: null,
    executor: 'docker',
  },
  ...{ submittedBy: 'socket', submittedAt: '2026-01-01T00:00:00.000Z', startedAt: null, endedAt: null, rejections: [] },
  ...{ checkpoint: null, retries: 0, nextTryAt: null, eviction: null, history: [], queue: null },
  ...parts,
})
