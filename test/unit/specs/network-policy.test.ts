import { expect, test } from 'vitest'
import { ClawError } from '../../../src/model/failure.ts'
import { egressOf, ingressOf, NetworkPolicyRequest } from '../../../src/operations/network/network-policy-view.ts'
import { parseNetworkPolicy } from '../../../src/specs/network-policy.ts'

const problemOf = (work: () => unknown): string => {
  try {
    work()
  } catch (error) {
    if (error instanceof ClawError) return error.message
    throw error
  }
  throw new Error('nothing is wrong with it')
}
const parse = (text: string) => parseNetworkPolicy(text, 'policy.yaml', 'yaml')

const yaml = `
namespace: shop
select: { deployment: db }
ingress:
  - from:
      - deployment: web
      - { namespace: monitoring, labels: { app: scraper } }
      - same-namespace
      - { cidr: 10.100.0.0/16, except: [10.100.7.0/24] }
    ports: [5432, 8000-8100/udp]
egress: []
`
const toml = `
namespace = "shop"
select = { deployment = "db" }
egress = []
[[ingress]]
from = [{ deployment = "web" }, { namespace = "monitoring", labels = { app = "scraper" } }, "same-namespace", { cidr = "10.100.0.0/16", except = ["10.100.7.0/24"] }]
ports = [5432, "8000-8100/udp"]
`

test.each([
  ['yaml', yaml],
  ['toml', toml],
] as const)('a policy as a %s file is one as it would be requested', (format, text) => {
  const { ingress = [], ...rest } = NetworkPolicyRequest.parse({
    ...parseNetworkPolicy(text, `policy.${format}`, format),
    name: 'db',
  })
  expect(rest).toMatchObject({ namespace: 'shop', select: { deployment: 'db' }, egress: [] })
  expect(ingressOf(ingress)).toEqual([
    {
      peers: [
        { deployment: 'web' },
        { namespace: 'monitoring', labels: { app: 'scraper' } },
        {},
        { cidr: '10.100.0.0/16', except: ['10.100.7.0/24'] },
      ],
      ports: ['5432/tcp', '8000-8100/udp'],
    },
  ])
})

test('a rule without peers is for everybody, and one with a list of none is refused, as is one without a port', () => {
  expect(ingressOf([{}])).toEqual([{ peers: [], ports: [] }])
  expect(problemOf(() => ingressOf([{ from: [] }]))).toContain('names nobody')
  expect(problemOf(() => egressOf([{ to: [] }]))).toContain('names nobody')
  expect(problemOf(() => egressOf([{ ports: [] }]))).toContain('names no port')
  expect(problemOf(() => egressOf([{ ports: ['http'] }]))).toContain('http is no port')
})

test('what is brought along from Kubernetes is told what it is called here, with its place', () => {
  const problem = problemOf(() => parse('name: x\npodSelector: {}\npolicyTypes: [Ingress]\ningress: []\n'))
  expect(problem).toContain('policy.yaml:2:1')
  expect(problem).toContain('podSelector is called select here')
  expect(problem).toContain('policyTypes is not needed here')
  expect(problemOf(() => parse('ingress: [{ from: [{ cidr: 10.0.0.1/8 }] }]\n'))).toContain('range')
  expect(problemOf(() => parse(''))).toContain('it says nothing')
  expect(problemOf(() => parse('name: a\n---\nname: b\n'))).toContain('second')
})
