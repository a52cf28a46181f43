/** Whatever an operation is asked for, through the way of all doors, it answers or refuses with a code: no crash, no hang, no bug. */
import { readdirSync, readFileSync } from 'node:fs'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { isClawError } from '../../../src/model/failure.ts'
import { failures } from '../../../src/model/failures.ts'
import type { Operation } from '../../../src/operations/operation.ts'
import { operations } from '../../../src/operations/registry.ts'
import type { Conversation } from '../../../src/ports/conversation.ts'
import { hardText } from '../../support/fuzz/garbage.ts'
import { anyInput } from '../../support/fuzz/inputs.ts'
import { type FuzzMesh, fuzzMesh } from '../../support/fuzz/mesh.ts'
import { admin } from '../../support/operations-mesh.ts'
import { play } from '../../support/play.ts'

/** More at night. */
const numRuns = Number(process.env['CLAW_FUZZ_RUNS'] ?? 15)
/** Streams and waits are called off after so many virtual milliseconds. */
const patience = 3_000
/** Longer than any answer takes on a slow machine. */
const mostMs = 5_000

const all: readonly Operation[] = operations

interface Kept {
  readonly operation: string
  readonly input: unknown
}

const corpus = new URL('../../fixtures/corpus/operations/', import.meta.url)
const kept = readdirSync(corpus)
  .toSorted()
  .map((name) => ({ name, ...(JSON.parse(readFileSync(new URL(name, corpus), 'utf8')) as Kept) }))

test.each(kept)('what once was hard stays easy: $name', async ({ operation, input }) => {
  const found = all.find(({ name }) => name === operation)
  expect(found).toBeDefined()
  if (found !== undefined) await tried({ operation: found, input, way: 'alone', said: '' })
})

test.each(all)('$name', { timeout: 600_000 }, async (operation) => {
  await fc.assert(
    fc.asyncProperty(
      anyInput(operation.input),
      fc.constantFrom('alone', 'node', 'mesh'),
      fc.oneof(fc.constantFrom(...hardText, '['.repeat(60_000)), fc.json({ maxDepth: 2 })),
      (input, way, said) => tried({ operation, input, way, said: said.slice(0, 60_000) }),
    ),
    { numRuns },
  )
})

/** Asks, and throws unless there is an answer or a refusal in time. */
async function tried(attempt: Attempt): Promise<void> {
  const lab = await fuzzMesh()
  const before = performance.now()
  const over = new AbortController()
  lab.mesh.world.after(patience, () => over.abort())
  const answer = await play(lab.mesh.world, outcome(lab, attempt, over.signal))
  expect(performance.now() - before, 'ms').toBeLessThan(mostMs)
  if (answer instanceof Error) {
    const isCalledOff = over.signal.aborted && answer.name === 'AbortError'
    const isRefusal = isClawError(answer) && Object.hasOwn(failures, answer.code) && answer.code !== 'INTERNAL'
    if (!isCalledOff && !isRefusal) throw answer
  }
}

interface Attempt {
  readonly operation: Operation
  readonly input: unknown
  readonly way: 'alone' | 'node' | 'mesh'
  /** In a conversation. */
  readonly said: string
}

async function outcome(lab: FuzzMesh, attempt: Attempt, signal: AbortSignal): Promise<unknown> {
  try {
    return await asked(lab, attempt, signal)
  } catch (error) {
    return error instanceof Error ? error : new Error(`thrown: ${String(error)}`)
  }
}

async function asked(
  { service }: FuzzMesh,
  { operation, input, way, said }: Attempt,
  signal: AbortSignal,
): Promise<unknown> {
  const asker = { caller: admin, signal }
  const { name, kind } = operation
  if (kind === 'duplex') return talked(await service.converse(name, input, asker), said)
  if (kind === 'stream') return taken(service.open(name, input, asker))
  if (way === 'node') return service.invoke('node.invoke', { node: 'bob', command: name, params: input }, asker)
  if (way === 'mesh') {
    const told = await service.invoke('mesh.invoke', { all: true, command: name, params: input }, asker)
    expect(JSON.stringify(told)).not.toContain('"INTERNAL"')
    return told
  }
  return service.invoke(name, input, asker)
}

async function taken(items: AsyncIterable<unknown>): Promise<number> {
  let count = 0
  for await (const item of items) {
    count += item === undefined ? 0 : 1
    if (count >= 5) break
  }
  return count
}

/** Tells it nonsense, sends it bytes, and hears it out. */
async function talked(talk: Conversation, nonsense: string): Promise<number> {
  await Promise.all([
    talk.send(1, Buffer.from('x')),
    talk.send(200, new Uint8Array(0)),
    talk.tell(Buffer.from(nonsense)),
  ])
  return taken(talk.messages)
}
