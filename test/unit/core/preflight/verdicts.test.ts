import { expect, test } from 'vitest'
import type { HostFacts } from '../../../../src/core/preflight/host-facts.ts'
import { hostVerdicts } from '../../../../src/core/preflight/verdicts.ts'
import { checkLines, checksExitCode } from '../../../../src/model/check.ts'

const fit: HostFacts = {
  node: '24.16.0',
  engine: { version: '28.5.1', runtimes: ['runc', 'nvidia'], hasCdi: false },
  executor: 'auto',
  nvidia: { gpus: 8, driver: '570.1', problem: null },
  cgroup: 2,
  clock: { isSynchronized: true, peers: [{ peer: 'a:8080', skewMs: 20 }] },
  dataDir: { path: '/var/lib/clawnode', freeBytes: 100 * 1_073_741_824, isWritable: true },
  ports: [
    { what: 'mesh port', address: '0.0.0.0:4710', state: 'free' },
    { what: 'API port', address: '127.0.0.1:8080', state: 'ours' },
  ],
  openFiles: 65_536,
  inotify: { instances: 1_024, watches: 524_288 },
  overlay: { provider: 'auto', port: 51_820, obstacle: null },
  firewall: 'none',
  hasSystemd: true,
}
const at = (facts: Partial<HostFacts>, name: string) => {
  const found = hostVerdicts({ ...fit, ...facts }).find((check) => check.name === name)
  if (found === undefined) throw new Error(`there is no check ${name}`)
  return found
}

test('given a host that is fit, when it is checked, then all is ok and the exit code is 0', () => {
  const checks = hostVerdicts(fit)
  expect(checks.filter(({ status }) => status !== 'ok')).toEqual([])
  expect([checksExitCode(checks), checkLines(checks).length]).toEqual([0, checks.length])
})

test.each<[string, Partial<HostFacts>, 'warn' | 'fail']>([
  ['node', { node: '20.11.0' }, 'fail'],
  ['engine', { engine: { problem: 'no answer' } }, 'warn'],
  ['engine', { engine: { problem: 'no answer' }, executor: 'docker' }, 'fail'],
  ['engine', { engine: { version: '19.3.1', runtimes: [], hasCdi: true } }, 'warn'],
  ['nvidia', { nvidia: { gpus: 0, driver: null, problem: 'nvidia-smi did not answer within 5000 ms' } }, 'fail'],
  ['gpu containers', { engine: { version: '28.5.1', runtimes: ['runc'], hasCdi: false } }, 'fail'],
  ['cgroup', { cgroup: 1 }, 'warn'],
  ['cgroup', { cgroup: null }, 'warn'],
  ['clock', { clock: { isSynchronized: true, peers: [{ peer: 'a', skewMs: -1_200 }] } }, 'warn'],
  ['clock', { clock: { isSynchronized: true, peers: [{ peer: 'a', skewMs: 90_000 }] } }, 'fail'],
  ['clock', { clock: { isSynchronized: true, peers: [{ peer: 'a', problem: 'refused' }] } }, 'warn'],
  ['clock', { clock: { isSynchronized: false, peers: [] } }, 'warn'],
  ['data directory', { dataDir: { path: '/x', freeBytes: 5 * 1_073_741_824, isWritable: true } }, 'warn'],
  ['data directory', { dataDir: { path: '/x', freeBytes: 5, isWritable: true } }, 'fail'],
  ['data directory', { dataDir: { path: '/x', freeBytes: 1e12, isWritable: false } }, 'fail'],
  ['data directory', { dataDir: { problem: 'no answer within 5 s' } }, 'fail'],
  ['API port', { ports: [{ what: 'API port', address: '127.0.0.1:80', state: 'forbidden' }] }, 'fail'],
  ['API port', { ports: [{ what: 'API port', address: '127.0.0.1:8080', state: 'taken' }] }, 'fail'],
  ['open files', { openFiles: 1_024 }, 'warn'],
  ['open files', { openFiles: 256 }, 'fail'],
  ['inotify', { inotify: { instances: 64, watches: 524_288 } }, 'warn'],
  ['firewall', { firewall: 'ufw' }, 'warn'],
  ['firewall', { firewall: 'firewalld' }, 'warn'],
  ['overlay', { overlay: { provider: 'wireguard', port: 51_820, obstacle: 'wg is not installed' } }, 'warn'],
  ['systemd', { hasSystemd: false }, 'warn'],
])('given the check %s, when the host is %j, then it is a %s with something to do', (name, facts, status) => {
  const check = at(facts, name)
  expect(check.status).toBe(status)
  expect(check.fix).not.toBeNull()
  expect(checksExitCode([check])).toBe(status === 'fail' ? 2 : 1)
  expect(checkLines([check])).toHaveLength(3)
})

test.each<[string, Partial<HostFacts>]>([
  ['overlay', { overlay: { provider: 'auto', port: 51_820, obstacle: 'wg is not installed' } }],
  ['overlay', { overlay: { provider: 'none', port: 51_820, obstacle: 'wg is not installed' } }],
  ['engine', { engine: { problem: 'no answer' }, executor: 'process' }],
  ['nvidia', { nvidia: { gpus: 0, driver: null, problem: 'nvidia-smi is not installed' } }],
  ['gpu containers', { engine: { version: '28.5.1', runtimes: ['runc'], hasCdi: true } }],
  ['engine', { engine: { version: '26.1.5+dfsg1', runtimes: [], hasCdi: true } }],
  ['gpu containers', { nvidia: { gpus: 0, driver: null, problem: null }, engine: { problem: 'none' } }],
])('given the check %s, when the host needs nothing of it, then it is ok', (name, facts) => {
  expect(at(facts, name)).toMatchObject({ status: 'ok', fix: null })
})
