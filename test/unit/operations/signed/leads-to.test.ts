import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { nodeId } from '../../../../src/model/ids.ts'
import type { Operation } from '../../../../src/operations/operation.ts'
import { operations } from '../../../../src/operations/registry.ts'
import { isLedTo, leadsTo } from '../../../../src/operations/signed/leads-to.ts'
import { ada, admit, bob, Book, found, inventory, newMember, submit, token } from '../../../support/control-samples.ts'

const book = new Book()
for (const command of [
  found(),
  token('t'),
  admit('t', newMember(bob)),
  submit('wl-aaaaaaaaaa', {}, 'train'),
  submit('wl-bbbbbbbbbb', {}, 'other'),
])
  book.run(command)

type Pair = readonly [name: string, input: object]
const leads = ([name, input]: Pair, [asked, of]: Pair, from = ada): boolean =>
  leadsTo({ name, input }, { name: asked, input: of }, { state: book.state, from, parse })

const known: readonly Operation[] = operations
const parse = (operation: string, value: unknown): unknown =>
  known.find((one) => one.name === operation)?.input.safeParse(value).data ?? value

const logs = (workload: string) => ({
  node: bob,
  workload,
  attempt: 1,
  follow: false,
  tail: null,
  from: null,
  filter: {},
})

const secret = { name: 'key', namespace: 'default', version: 1 }

test.each<readonly [string, Pair, Pair]>([
  ['itself', ['status', {}], ['status', {}]],
  ['itself, however fresh', ['node.list', { consistency: 'stale' }], ['node.list', {}]],
  ['itself with its keys in another order', ['x', { a: 1, b: 2 }], ['x', { b: 2, a: 1 }]],
  [
    'what is invoked',
    ['node.invoke', { node: ada, command: 'gpu.list', params: { node: 'bob' } }],
    ['gpu.list', { node: 'bob' }],
  ],
  [
    'each node of an invocation on several',
    ['mesh.invoke', { nodes: ['bob'], command: 'gpu.list' }],
    ['node.invoke', { node: bob, command: 'gpu.list', params: {}, timeoutMs: 5 }],
  ],
  ['the output of what was named', ['workload.logs', { workload: 'train' }], ['placement.logs', logs('wl-aaaaaaaaaa')]],
  [
    'the output of one of several',
    ['log.read', { workloads: ['other', 'train'] }],
    ['log.kept', { node: bob, workload: 'wl-aaaaaaaaaa' }],
  ],
  ['a search on each node', ['log.search', { search: 'x' }], ['log.scan', { node: bob, filter: {}, limit: 1 }]],
  [
    'work through a container',
    ['container.run', { image: 'a', detach: true }],
    ['workload.run', { image: 'a', node: ada }],
  ],
  [
    'work through an invocation',
    ['node.invoke', { node: ada, command: 'workload.run', params: { image: 'a' }, idempotencyKey: 'k' }],
    ['workload.run', { image: 'a', node: ada, idempotencyKey: 'k@ada' }],
  ],
  [
    'the end of a container',
    ['container.stop', { name: 'train' }],
    ['workload.stop', { workload: 'wl-aaaaaaaaaa', force: false }],
  ],
  [
    'work as its schema makes it',
    ['container.run', { image: 'a', gpus: 1 }],
    ['workload.run', { ...(parse('container.run', { image: 'a', gpus: 1 }) as object), detach: undefined, node: ada }],
  ],
  [
    'an image for each node',
    ['image.pull', { image: 'busybox', nodes: ['bob'] }],
    ['image.bring', { node: bob, image: 'busybox', pull: 'missing' }],
  ],
])('a request leads to %s', (_, signed, asked) => {
  expect(leads(signed, asked)).toBe(true)
})

test.each<readonly [string, Pair, Pair]>([
  ['another operation', ['status', {}], ['node.list', {}]],
  ['another input', ['workload.stop', { workload: 'train' }], ['workload.stop', { workload: 'other' }]],
  [
    'another command',
    ['node.invoke', { node: 'bob', command: 'gpu.list', params: {} }],
    ['system.run', { command: ['id'] }],
  ],
  [
    'other parameters',
    ['node.invoke', { node: 'bob', command: 'gpu.list', params: {} }],
    ['gpu.list', { node: 'ada' }],
  ],
  [
    'a node that was not named',
    ['mesh.invoke', { nodes: ['ada'], command: 'gpu.list' }],
    ['node.invoke', { node: bob, command: 'gpu.list', params: {} }],
  ],
  ['the output of other work', ['workload.logs', { workload: 'train' }], ['placement.logs', logs('wl-bbbbbbbbbb')]],
  ['the output of all work', ['workload.logs', { workload: 'train' }], ['log.kept', { node: bob }]],
  [
    'a search elsewhere',
    ['log.search', { search: 'x', node: 'ada' }],
    ['log.scan', { node: bob, filter: {}, limit: 1 }],
  ],
  ['another image', ['container.run', { image: 'a' }], ['workload.run', { image: 'evil', node: ada }]],
  ['another node', ['container.run', { image: 'a' }], ['workload.run', { image: 'a', node: bob }]],
  ['the end of other work', ['container.stop', { name: 'train' }], ['workload.stop', { workload: 'wl-bbbbbbbbbb' }]],
  ['what another node has on record', ['audit.query', { node: 'ada' }], ['audit.read', { node: bob }]],
  ['what any node has on record', ['audit.tail', {}], ['audit.read', { node: bob }]],
  [
    'the output of work that is no run of the job',
    ['job.logs', { job: 'nightly' }],
    ['placement.logs', logs('wl-aaaaaaaaaa')],
  ],
  ['a secret for another node', ['secret.get', { name: 'key' }], ['secret.open', { ...secret, node: bob }]],
  ['another secret', ['secret.get', { name: 'other' }], ['secret.open', { ...secret, node: ada }]],
  ['another image for a node', ['image.pull', { image: 'busybox' }], ['image.bring', { node: bob, image: 'evil' }]],
  [
    'an image for another node',
    ['image.pull', { image: 'a', nodes: ['ada'] }],
    ['image.bring', { node: bob, image: 'a' }],
  ],
  ['what a name from nowhere might be', ['toString', {}], ['constructor', {}]],
])('a request does not lead to %s', (_, signed, asked) => {
  expect(leads(signed, asked)).toBe(false)
})

test('what an engine calls a container leads to work of that node only', () => {
  book.run({ type: 'report-inventory', node: bob, inventory: inventory(bob, 1) })
  book.run({
    type: 'place',
    workload: 'wl-aaaaaaaaaa' as never,
    attempt: 1,
    node: bob,
    devices: [],
    executor: 'docker',
  })
  const stop: Pair = ['container.stop', { containerId: 'deadbeef0123' }]
  expect(leads(stop, ['workload.stop', { workload: 'wl-aaaaaaaaaa' }], bob)).toBe(true)
  expect(leads(stop, ['workload.stop', { workload: 'wl-aaaaaaaaaa' }], nodeId('ada'))).toBe(false)
})

test('whatever an operation asks of other nodes for its caller, operators can sign for', () => {
  const folder = join(import.meta.dirname, '../../../../src/operations')
  const files = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((file) => file.endsWith('.ts'))
  const text = files.map((file) => readFileSync(join(folder, file), 'utf8')).join('\n')
  const asked = new Set(
    Array.from(text.matchAll(/\.(?:open|invoke|converse)\(\s*'([\w.]+)'/g), ([, name = '']) => name),
  )
  const elsewhere = known.filter(({ name, where }) => asked.has(name) && where !== undefined)
  expect(elsewhere.map(({ name }) => name)).toContain('placement.logs')
  expect(elsewhere.filter(({ name }) => !isLedTo(name)).map(({ name }) => name)).toEqual([])
})
