import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { violationsOf } from '../../../../src/core/policy/evaluate.ts'
import { imageNames } from '../../../../src/core/policy/image-names.ts'
import type { Policy, PolicyRules } from '../../../../src/model/policy.ts'
import { spec } from '../../../support/control-samples.ts'

const policy = (rules: PolicyRules, parts: Partial<Policy> = {}): Policy => ({
  ...{ name: 'rule', namespaces: null, mode: 'enforce', about: '', rules, createdAt: 0, createdBy: '', updatedAt: 0 },
  ...parts,
})
const broken = (rules: PolicyRules, work: Record<string, unknown>, replicas = 1): string[] =>
  violationsOf([policy(rules)], { spec: spec(work), replicas }).map(({ rule }) => rule)
const sha = `sha256:${'a'.repeat(64)}`

describe('given rules about images', () => {
  test.each<[PolicyRules, string, boolean]>([
    [{ allowImages: ['nginx:1.*'] }, 'nginx:1.27', true],
    [{ allowImages: ['nginx:1.*'] }, 'docker.io/library/nginx:1.27', true],
    [{ allowImages: ['nginx:1.*'] }, 'evil.io/nginx:1.27', false],
    [{ allowImages: ['nginx'] }, 'nginx:whatever', true],
    [{ allowImages: ['nginx:1.*'] }, `nginx:1.27@${sha}`, false],
    [{ allowImages: [`*@${sha}`] }, `nginx:1.27@${sha}`, true],
    [{ allowImages: ['ghcr.io/team/*'] }, 'ghcr.io/team/app:2', true],
    [{ allowImages: ['ghcr.io/team/*'] }, 'ghcr.io/teams/app:2', false],
    [{ denyImages: ['*:latest'] }, 'nginx', false],
    [{ denyImages: ['*:latest'] }, 'nginx:1', true],
    [{ denyImages: ['nginx*'] }, 'index.docker.io/library/nginx:1', false],
    [{ denyImages: ['nginx*'] }, 'registry-1.docker.io/library/nginx:1', false],
    [{ denyImages: ['nginx*'] }, '4bcff63911fc', false],
    [{ denyImages: ['nginx*'] }, `sha256:${'b'.repeat(64)}`, false],
    [{ allowRegistries: ['ghcr.io'] }, 'GHCR.io/team/app:1', true],
    [{ denyRegistries: ['ghcr.io'] }, 'GHCR.io:443/team/app:1', false],
    [{ denyRegistries: ['docker.io'] }, 'nginx', false],
    [{ denyRegistries: ['docker.io'] }, 'quay.io/nginx', true],
    [{ requireDigest: true }, 'nginx:1', false],
    [{ requireDigest: true }, `nginx@${sha}`, true],
  ])('%o and %s: %s', (rules, image, passes) => {
    expect(broken(rules, { image })).toEqual(passes ? [] : Object.keys(rules))
  })
})

describe('given rules about what work asks for', () => {
  const mounts = (source: string) => ({ mounts: [{ source, target: '/x' }] })
  test.each<[PolicyRules, Record<string, unknown>, boolean]>([
    [{ requireLimits: ['memory', 'cpu'] }, { memoryMib: 64 }, false],
    [{ requireLimits: ['memory', 'cpu'] }, { memoryMib: 64, cpus: 1 }, true],
    [{ requireLimits: ['timeout'] }, { timeoutMs: 5 }, true],
    [{ forbidMounts: ['/data/secret'] }, mounts('/data/secret/x'), false],
    [{ forbidMounts: ['/data/secret'] }, mounts('/data'), false],
    [{ forbidMounts: ['/data/secret'] }, mounts('/data/x/../secret'), false],
    [{ forbidMounts: ['/data/secret'] }, mounts('/data/secrets'), true],
    [{ forbidMounts: ['/data/*/key'] }, mounts('/data/a/key'), false],
    [{ forbidMounts: ['/data/*/key'] }, mounts('/data'), false],
    [{ forbidMounts: ['*'] }, mounts('cache'), false],
    [{ forbidMounts: ['*'] }, {}, true],
    [{ requireLabels: { team: '*' } }, { labels: { team: 'a' } }, true],
    [{ requireLabels: { team: 'a*' } }, { labels: { team: 'b' } }, false],
    [{ requireLabels: { constructor: '*' } }, {}, false],
    [{ requireAnnotations: { ticket: 'T-?*' } }, { annotations: { ticket: 'T-' } }, false],
    [{ requireAnnotations: { ticket: 'T-?*' } }, { annotations: { ticket: 'T-1' } }, true],
    [{ forbidPrivileges: ['cap-*'] }, { privileges: ['cap-NET_RAW'] }, false],
    [{ forbidPrivileges: ['host-network'] }, { parts: { count: 2, gang: true } }, false],
    [{ forbidPrivileges: ['host-network'] }, { network: 'bridge', parts: { count: 2, gang: true } }, true],
    [{ maxGpus: 4 }, { gpus: { count: 5 } }, false],
    [{ maxGpus: 4 }, { gpus: { devices: [0, 1, 2, 3], count: 0 } }, true],
    [{ maxPriority: 500 }, { priority: 501 }, false],
    [{ executors: ['docker'] }, {}, false],
    [{ executors: ['docker'] }, { executor: 'docker' }, true],
  ])('%o and %o: %s', (rules, work, passes) => {
    expect(broken(rules, work)).toEqual(passes ? [] : Object.keys(rules))
  })

  test('parts and replicas count together', () => {
    expect(broken({ maxGpus: 4, maxReplicas: 3 }, { gpus: { count: 2 } }, 2)).toEqual([])
    expect(broken({ maxGpus: 4, maxReplicas: 3 }, { gpus: { count: 2 } }, 4)).toEqual(['maxGpus', 'maxReplicas'])
  })

  test('nobody asks how long a deployment may run', () => {
    const asked = { spec: spec({}), replicas: 1 }
    expect(violationsOf([policy({ requireLimits: ['timeout'] })], { ...asked, isLasting: true })).toEqual([])
    expect(violationsOf([policy({ requireLimits: ['timeout'] })], asked)).toHaveLength(1)
  })
})

describe('given several policies', () => {
  test('only those of the namespace count, and those that refuse come first', () => {
    const all = [
      policy({ maxGpus: 0 }, { name: 'warns', mode: 'warn' }),
      policy({ maxGpus: 0 }, { name: 'elsewhere', namespaces: ['other'] }),
      policy({ maxGpus: 1 }, { name: 'refuses', namespaces: ['team'] }),
    ]
    const found = violationsOf(all, { spec: spec({ namespace: 'team', gpus: { count: 2 } }), replicas: 1 })
    expect(found.map(({ policy: name, value, wants }) => [name, value, wants])).toEqual([
      ['refuses', '2', 'at most 1'],
      ['warns', '2', 'at most 0'],
    ])
  })
})

const name = fc.stringMatching(/^[a-z][a-z0-9]{0,8}$/)
const tag = fc.stringMatching(/^[a-z0-9][a-z0-9.]{0,6}$/)

test('an image is the same to every policy, however it is spelled', () => {
  fc.assert(
    fc.property(name, tag, name, (image, version, pattern) => {
      const spellings = [`${image}:${version}`, `library/${image}:${version}`, `docker.io/${image}:${version}`]
      const more = [
        'docker.io/library/',
        'index.docker.io/library/',
        'registry-1.docker.io/library/',
        'DOCKER.IO:443/library/',
      ]
      const all = [...spellings, ...more.map((prefix) => `${prefix}${image}:${version}`)]
      for (const rules of [
        { allowImages: [`${pattern}*`] },
        { denyImages: [`*${pattern}*`] },
        { denyRegistries: ['docker.io'] },
      ])
        expect(new Set(all.map((one) => broken(rules, { image: one }).length)).size).toBe(1)
      expect(new Set(all.map((one) => imageNames(one)?.names.join()))).toHaveLength(1)
    }),
  )
})

test('one more policy never lets more in, and one that warns changes nothing for those that refuse', () => {
  const rules = fc.record(
    { maxGpus: fc.nat(4), maxPriority: fc.nat(1_000), maxReplicas: fc.nat(4) },
    { requiredKeys: [] },
  )
  const policies = fc.array(fc.tuple(rules, fc.constantFrom('enforce' as const, 'warn' as const)), { maxLength: 6 })
  fc.assert(
    fc.property(
      policies,
      rules,
      fc.nat(4),
      fc.nat(1_000),
      fc.integer({ min: 1, max: 4 }),
      (all, another, gpus, priority, replicas) => {
        const made = all.map(([one, mode], i) => policy(one, { name: `p-${i}`, mode }))
        const asked = { spec: spec({ gpus: { count: gpus }, priority }), replicas }
        const refusals = (some: readonly Policy[]) => violationsOf(some, asked).filter(({ mode }) => mode === 'enforce')
        const before = refusals(made)
        expect(refusals([...made, policy(another)]).length).toBeGreaterThanOrEqual(before.length)
        expect(refusals([...made, policy(another, { mode: 'warn' })])).toEqual(before)
        expect(refusals(made.filter(({ mode }) => mode === 'enforce'))).toEqual(before)
      },
    ),
  )
})
