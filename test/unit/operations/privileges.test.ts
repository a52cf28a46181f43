import { describe, expect, test } from 'vitest'
import { workloadId } from '../../../src/model/ids.ts'
import { hasBareNodes, requirePrivileges } from '../../../src/operations/privileges.ts'
import { spec } from '../../support/control-samples.ts'
import { twoMeshes, withRevisions } from '../../support/privileged-samples.ts'

const submit = (parts: Parameters<typeof spec>[0]) =>
  ({ type: 'submit', workload: workloadId('wl-x'), name: 'x', spec: spec(parts) }) as const
const nothing = (): boolean => false

const { bare, book, ordinary } = twoMeshes()

test('a node whose first executor is that of plain processes is a bare one', () => {
  expect([hasBareNodes(ordinary), hasBareNodes(bare)]).toEqual([false, true])
})

describe('a gang has the network of its nodes', () => {
  const gang = (parts: object = {}) => submit({ parts: { count: 2, gang: true }, ...parts })
  const mayUse = (resource: string) => (asked: { readonly verb: string; readonly resource: string }) =>
    asked.verb === 'use' && asked.resource === resource

  test('which has to be permitted, as to others', () => {
    expect(() => requirePrivileges(nothing, gang(), ordinary)).toThrow('--network bridge')
    expect(() => requirePrivileges(nothing, submit({ network: 'host' }), ordinary)).toThrow('the network of its host')
    expect(() => requirePrivileges(nothing, gang({ network: 'bridge' }), ordinary)).not.toThrow()
  })

  test('for which an administrator can give a permission that is good for nothing else', () => {
    expect(() => requirePrivileges(mayUse('privilege'), gang(), ordinary)).not.toThrow()
    expect(() => requirePrivileges(mayUse('host-network'), gang(), ordinary)).not.toThrow()
    expect(() => requirePrivileges(mayUse('host-network'), gang({ privileges: ['host-pid'] }), ordinary)).toThrow(
      'the processes of its host',
    )
  })
})

test('given bare nodes, work that names no executor takes the same right as plain processes', () => {
  expect(() => requirePrivileges(nothing, submit({}), bare)).toThrow('--executor docker')
  expect(() => requirePrivileges(nothing, submit({ executor: 'process' }), ordinary)).toThrow('no container around it')
  expect(() => requirePrivileges(nothing, submit({ executor: 'docker' }), bare)).not.toThrow()
  expect(() => requirePrivileges(nothing, submit({}), ordinary)).not.toThrow()
  expect(() => requirePrivileges(() => true, submit({}), bare)).not.toThrow()
})

test('going back to a revision takes the same rights as letting it in', () => {
  const back = withRevisions(book)
  expect(() => requirePrivileges(nothing, { ...back, revision: 1 }, ordinary)).toThrow(
    'everything that its host may do',
  )
  expect(() => requirePrivileges(nothing, back, ordinary)).toThrow('everything that its host may do')
  expect(() => requirePrivileges(nothing, { ...back, revision: 2 }, ordinary)).not.toThrow()
  expect(() => requirePrivileges(() => true, back, ordinary)).not.toThrow()
})
