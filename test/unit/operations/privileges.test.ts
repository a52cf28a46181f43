import { describe, expect, test } from 'vitest'
import { workloadId } from '../../../src/model/ids.ts'
import { hasBareNodes, requirePrivileges } from '../../../src/operations/privileges.ts'
import { admit, ada, bob, Book, found, inventory, newMember, spec, token } from '../../support/control-samples.ts'

const submit = (parts: Parameters<typeof spec>[0]) =>
  ({ type: 'submit', workload: workloadId('wl-x'), name: 'x', spec: spec(parts) }) as const
const nothing = (): boolean => false

test('a node whose first executor is that of plain processes is a bare one', () => {
  const book = new Book()
  for (const command of [found(), token('t'), admit('t', newMember(bob))]) book.run(command)
  book.run({ type: 'report-inventory', node: ada, inventory: inventory(ada, 1) })
  expect(hasBareNodes(book.state)).toBe(false)
  book.run({ type: 'report-inventory', node: bob, inventory: { ...inventory(bob, 1), executors: ['process'] } })
  expect(hasBareNodes(book.state)).toBe(true)
})

describe('a gang has the network of its nodes', () => {
  const gang = (parts: object = {}) => submit({ parts: { count: 2, gang: true }, ...parts })
  const mayUse = (resource: string) => (asked: { readonly verb: string; readonly resource: string }) =>
    asked.verb === 'use' && asked.resource === resource

  test('which has to be permitted, as to others', () => {
    expect(() => requirePrivileges(nothing, gang(), false)).toThrow('--network bridge')
    expect(() => requirePrivileges(nothing, submit({ network: 'host' }), false)).toThrow('the network of its host')
    expect(() => requirePrivileges(nothing, gang({ network: 'bridge' }), false)).not.toThrow()
  })

  test('for which an administrator can give a permission that is good for nothing else', () => {
    expect(() => requirePrivileges(mayUse('privilege'), gang(), false)).not.toThrow()
    expect(() => requirePrivileges(mayUse('host-network'), gang(), false)).not.toThrow()
    expect(() => requirePrivileges(mayUse('host-network'), gang({ privileges: ['host-pid'] }), false)).toThrow(
      'the processes of its host',
    )
  })
})

test('given bare nodes, work that names no executor takes the same right as plain processes', () => {
  expect(() => requirePrivileges(nothing, submit({}), true)).toThrow('--executor docker')
  expect(() => requirePrivileges(nothing, submit({ executor: 'process' }), false)).toThrow('no container around it')
  expect(() => requirePrivileges(nothing, submit({ executor: 'docker' }), true)).not.toThrow()
  expect(() => requirePrivileges(nothing, submit({}), false)).not.toThrow()
  expect(() => requirePrivileges(() => true, submit({}), true)).not.toThrow()
})
