import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { Ask, Grant, Standing } from '../../../../src/core/access/decide.ts'
import { covers, decide, isConceivable, judge } from '../../../../src/core/access/decide.ts'
import { builtInRoles, leastRole } from '../../../../src/core/access/roles.ts'
import type { Rule } from '../../../../src/model/access.ts'
import { resources, verbs } from '../../../../src/model/access.ts'

const places = ['team-a', 'team-b', 'default'] as const

const some = (words: readonly string[]) =>
  fc.uniqueArray(fc.constantFrom('*', ...words), { minLength: 1, maxLength: 4 })

const rule: fc.Arbitrary<Rule> = fc.record({
  verbs: some(verbs),
  resources: some(resources),
  namespaces: some(places),
})
const rules = fc.array(rule, { minLength: 1, maxLength: 4 })
const namespace = fc.option(fc.constantFrom(...places))
const grants: fc.Arbitrary<readonly Grant[]> = fc.array(fc.record({ role: fc.constant('some'), rules, namespace }), {
  maxLength: 4,
})
const ask: fc.Arbitrary<Ask> = fc.record({
  verb: fc.constantFrom(...verbs),
  resource: fc.constantFrom(...resources),
  namespace,
})

const isOwn = ({ verb, resource }: Ask): boolean => verb === 'read' && resource === 'self'
const role = (name: keyof typeof builtInRoles, where: string | null = null): Grant => ({
  ...{ role: name, rules: builtInRoles[name].rules, namespace: where },
})
const may = (some: readonly Grant[], asked: Ask): boolean => decide(some, asked).isAllowed

describe('what is decided', () => {
  test('is no, for whoever was given nothing', () => {
    fc.assert(fc.property(ask, (asked) => may([], asked) === isOwn(asked)))
  })

  test('never turns from yes to no by something that is given besides', () => {
    fc.assert(fc.property(grants, grants, ask, (a, b, asked) => !may(a, asked) || may([...b, ...a], asked)))
  })

  test('is never yes in a namespace that no rule and no binding reaches', () => {
    fc.assert(
      fc.property(grants, ask, (given, asked) => {
        const within = given.map((one) => ({ ...one, namespace: 'team-a' }))
        return asked.namespace === 'team-a' || isOwn(asked) || !may(within, asked)
      }),
    )
  })

  test('is never yes for what is in no namespace by what counts in one', () => {
    const asked = { verb: 'remove', resource: 'node', namespace: null }
    expect(may([role('admin', 'team-a')], asked)).toBe(false)
    expect(
      may([{ role: 'x', rules: [{ verbs: ['*'], resources: ['*'], namespaces: ['team-a'] }], namespace: null }], asked),
    ).toBe(false)
    expect(may([role('admin')], asked)).toBe(true)
  })

  test('is yes everywhere where it is yes without a namespace', () => {
    fc.assert(
      fc.property(grants, ask, (given, asked) => !may(given, { ...asked, namespace: null }) || may(given, asked)),
    )
  })

  test('is conceivable where it is yes anywhere', () => {
    fc.assert(
      fc.property(
        grants,
        ask,
        (given, asked) => !may(given, asked) || isConceivable({ grants: given, limits: [] }, asked),
      ),
    )
  })

  test('is the less the more limits there are', () => {
    fc.assert(
      fc.property(grants, grants, grants, ask, (given, first, second, asked) => {
        const both = judge({ grants: given, limits: [first, second] }, asked).isAllowed
        return both === [given, first, second].every((one) => may(one, asked))
      }),
    )
  })

  test('counts only on the node that it is for', () => {
    const asked = { verb: 'invoke', resource: 'node', namespace: null }
    const own: Grant = { ...role('admin'), node: 'n1' as Grant['node'] & string }
    expect([may([own], asked), may([own], { ...asked, node: own.node })]).toEqual([false, true])
  })
})

describe('the roles of every mesh', () => {
  test('viewer may less than operator, and operator less than admin', () => {
    fc.assert(
      fc.property(ask, (asked) => {
        const [viewer, operator, admin] = (['viewer', 'operator', 'admin'] as const).map((one) =>
          may([role(one)], asked),
        )
        return (viewer !== true || operator === true) && (operator !== true || admin === true) && admin === true
      }),
    )
  })

  test.each([
    ['viewer', []],
    ['operator', ['exec', 'connect']],
    ['auditor', []],
    ['molt-manager', []],
  ] as const)('%s may, of what is apart from plain change, on work only %j', (name, allowed) => {
    const apart = ['exec', 'connect', 'reveal', 'use', 'recover'] as const
    const given = apart.filter((verb) =>
      resources.some((resource) => may([role(name)], { verb, resource, namespace: null })),
    )
    expect(given).toEqual(name === 'molt-manager' ? apart : allowed)
  })

  test('nobody but administrators sees the values of secrets, mounts paths of hosts or recovers the mesh', () => {
    for (const [verb, resource] of [
      ['reveal', 'secret'],
      ['use', 'host-mount'],
      ['use', 'privilege'],
      ['recover', 'mesh'],
    ] as const) {
      const names = Object.keys(builtInRoles) as (keyof typeof builtInRoles)[]
      expect(names.filter((name) => may([role(name)], { verb, resource, namespace: null }))).toEqual(['admin'])
      expect(leastRole({ verb, resource })).toBe('admin')
    }
  })

  test('only a molt-manager and an administrator may spend', () => {
    const asked = { verb: 'spend', resource: 'molt', namespace: null }
    expect([may([role('operator')], asked), may([role('molt-manager')], asked)]).toEqual([false, true])
  })
})

describe('what somebody may hand on', () => {
  const standing = (given: readonly Grant[]): Standing => ({ who: 'ada', user: 'ada', grants: given, limits: [] })

  test('is never more than they have', () => {
    fc.assert(
      fc.property(grants, rules, namespace, ask, (given, handed, where, asked) => {
        if (!covers(standing(given), handed, where)) return true
        return !may([{ role: 'handed', rules: handed, namespace: where }], asked) || may(given, asked)
      }),
    )
  })

  test('is all of it, for an administrator, and a role for whoever has it', () => {
    fc.assert(fc.property(rules, namespace, (handed, where) => covers(standing([role('admin')]), handed, where)))
    for (const name of ['viewer', 'operator', 'auditor'] as const) {
      expect(covers(standing([role(name)]), builtInRoles[name].rules, null)).toBe(true)
      expect(covers(standing([role(name, 'team-a')]), builtInRoles[name].rules, 'team-a')).toBe(true)
      expect(covers(standing([role(name, 'team-a')]), builtInRoles[name].rules, null)).toBe(false)
      expect(covers(standing([role(name)]), builtInRoles.admin.rules, null)).toBe(false)
    }
  })
})
