import { expect, test } from 'vitest'
import { ClawError } from '../../../../src/model/failure.ts'
import {
  contentOf,
  egressInWords,
  ingressInWords,
  notKept,
  selectInWords,
} from '../../../../src/doors/cli/work/network-policy-options.ts'

type Arguments = Parameters<typeof contentOf>[0]

const none: Arguments = {
  ...{ file: undefined, about: undefined, deployment: undefined, label: [] },
  ...{ from: [], 'from-label': [], 'from-namespace': [], 'from-same-namespace': false, 'from-cidr': [], port: [] },
  ...{ to: [], 'to-label': [], 'to-namespace': [], 'to-same-namespace': false, 'to-cidr': [], 'to-port': [] },
  ...{ 'deny-ingress': false, 'deny-egress': false },
}

test('what is not said is left out, so that what there is stays', () => {
  expect(contentOf(none)).toEqual({})
})

test('all who are named for one way are one rule, at the ports that are named', () => {
  const said = contentOf({
    ...none,
    ...{ deployment: 'db', label: ['tier=1'], from: ['web'], 'from-label': ['app=x'], 'from-namespace': ['*'] },
    ...{ 'from-same-namespace': true, 'from-cidr': ['10.0.0.0/8'], port: ['5432'], 'to-port': ['53/udp'] },
  })
  expect(said).toEqual({
    select: { deployment: 'db', labels: { tier: '1' } },
    ingress: [
      {
        from: [
          { deployment: 'web' },
          { labels: { app: 'x' } },
          { namespace: '*' },
          'same-namespace',
          { cidr: '10.0.0.0/8' },
        ],
        ports: ['5432'],
      },
    ],
    egress: [{ ports: ['53/udp'] }],
  })
})

test('to deny a way is a list without a rule, and does not go with who is let through', () => {
  expect(contentOf({ ...none, 'deny-ingress': true, 'deny-egress': true })).toEqual({ ingress: [], egress: [] })
  expect(() => contentOf({ ...none, 'deny-egress': true, to: ['db'] })).toThrow(ClawError)
})

test('a policy is shown in words', () => {
  expect(selectInWords({})).toBe('all work')
  expect(selectInWords({ deployment: 'db', labels: { tier: '1' } })).toBe('replicas of db with tier=1')
  const ingress = [
    { from: ['same-namespace' as const, { namespace: '*' as const, labels: { a: 'b' } }], ports: ['80/tcp'] },
    {},
  ]
  expect(ingressInWords({ ingress })).toBe(
    'from its namespace or work with a=b of every namespace at 80/tcp; from anywhere',
  )
  const egress = [{ to: [{ cidr: '0.0.0.0/0', except: ['10.0.0.0/8'] }] }]
  expect(egressInWords({ egress })).toBe('to 0.0.0.0/0 but 10.0.0.0/8')
  expect([ingressInWords({ ingress: [] }), egressInWords({ egress: null })]).toEqual(['nothing', 'as others say'])
  expect(notKept([{ node: 'gpu-1', workload: null, reason: 'nft is not installed' }])).toEqual([
    'Not kept for any work on gpu-1: nft is not installed',
  ])
})
