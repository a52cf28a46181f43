import { z } from 'zod'
import { expect, test } from 'vitest'
import { keysOf } from '../../../src/operations/input.ts'
import { nodeCommands } from '../../../src/operations/node/node-invoke.ts'
import type { Operation } from '../../../src/operations/operation.ts'
import { operations } from '../../../src/operations/registry.ts'

const all: readonly Operation[] = operations

test('every operation has a name of its own and says in a sentence what it does', () => {
  const names = all.map(({ name }) => name)
  expect(new Set(names).size).toBe(names.length)
  for (const { name, about } of all) {
    expect(name).toMatch(/^[a-z]+(\.[a-z]+)?$/)
    expect(about).toMatch(/^[A-Z].{8,}\.$/)
  }
})

test('every input refuses keys that it does not know', () => {
  for (const { name, input } of all) {
    const result = input.safeParse({ surelyNotAKey: 1 })
    expect(result.success, name).toBe(false)
    expect(
      result.error?.issues.some(({ code }) => code === 'unrecognized_keys'),
      name,
    ).toBe(true)
  }
})

test('every input and output can be described as JSON Schema', () => {
  for (const { name, input, output } of all) {
    expect(() => z.toJSONSchema(input, { io: 'input' }), name).not.toThrow()
    expect(() => z.toJSONSchema(output, { io: 'output' }), name).not.toThrow()
  }
})

test('every parameter of a path is a key of the input, and no two operations share a route', () => {
  const routes = all.flatMap(({ rest }) =>
    rest === undefined ? [] : [`${rest.method} ${rest.path.replace(/:\w+/g, ':')}`],
  )
  expect(new Set(routes).size).toBe(routes.length)
  for (const { name, rest, input } of all)
    for (const [, parameter] of rest?.path.matchAll(/:(\w+)/g) ?? []) expect(keysOf(input), name).toContain(parameter)
})

test('what GET serves only reads, and what needs no administrator changes no membership', () => {
  for (const { name, rest, permission } of all) if (rest?.method === 'GET') expect(permission.verb, name).toBe('read')
})

test('every command that a node takes under another name is an operation', () => {
  const names = new Set(all.map(({ name }) => name))
  for (const name of nodeCommands.values()) expect(names).toContain(name)
})
