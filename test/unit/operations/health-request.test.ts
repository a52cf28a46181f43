import { describe, expect, test } from 'vitest'
import { parseInput } from '../../../src/operations/input.ts'
import { specOf, WorkloadRequest } from '../../../src/operations/workload/workload-request.ts'

const spec = (request: object) => specOf(parseInput(WorkloadRequest, { image: 'busybox', ...request }))

const usual = { everyMs: 10_000, timeoutMs: 2_000, failures: 3, successes: 1, delayMs: 0 }

describe('ports', () => {
  test('are read in all their spellings', () => {
    const ports = [8_080, 'api:8081', '9000/tcp', 'raw:9001/tcp', { port: 7_000, name: 'web', protocol: 'http' }]
    expect(spec({ ports }).ports).toEqual([
      { port: 8_080, protocol: 'http' },
      { name: 'api', port: 8_081, protocol: 'http' },
      { port: 9_000, protocol: 'tcp' },
      { name: 'raw', port: 9_001, protocol: 'tcp' },
      { name: 'web', port: 7_000, protocol: 'http' },
    ])
    expect(spec({}).ports).toBeUndefined()
    expect(spec({ ports: [] }).ports).toBeUndefined()
  })

  test.each([
    [['8080:80'], /names a port of the host.*write 80/],
    [['127.0.0.1:8080:80/tcp'], /names a port of the host/],
    [['web'], /neither a number nor such as/],
    [['80/udp'], /neither a number nor such as/],
    [[70_000], /ports/],
    [[0], /ports/],
    [['Api:80'], /must be a word/],
    [[80, 80], /declared once/],
    [['a:80', 'a:81'], /given to one port/],
  ])('%j are refused', (ports, problem) => {
    expect(() => spec({ ports })).toThrow(problem)
  })
})

describe('probes', () => {
  test('ask the first port unless they name one, with ordinary spans', () => {
    const { health } = spec({
      ports: [8_080, 9_090],
      health: { readiness: { http: { path: '/ok' } }, liveness: { tcp: { port: 9_090 } } },
    })
    expect(health).toEqual({
      liveness: { check: { type: 'tcp', port: 9_090 }, ...usual },
      readiness: { check: { type: 'http', path: '/ok', port: 8_080 }, ...usual },
    })
  })

  test('are told how often, how long and how many times', () => {
    const startup = {
      exec: { command: 'test -f /ok' },
      every: '2s',
      timeout: 1,
      failures: 9,
      successes: 2,
      delay: '5s',
    }
    expect(spec({ health: { startup } }).health?.startup).toEqual({
      check: { type: 'exec', command: ['sh', '-c', 'test -f /ok'] },
      ...{ everyMs: 2_000, timeoutMs: 1_000, failures: 9, successes: 2, delayMs: 5_000 },
    })
  })

  test('in the short form connect to the first port, and give it time to come up', () => {
    const { health } = spec({ ports: [80], health: { checkIntervalSecs: 30, startupTimeoutSecs: 300 } })
    expect(health).toEqual({
      startup: { ...usual, check: { type: 'tcp', port: 80 }, everyMs: 5_000, failures: 60 },
      readiness: { ...usual, check: { type: 'tcp', port: 80 }, everyMs: 30_000 },
    })
  })

  test('in the short form are none when there is nothing to ask', () => {
    expect(spec({ health: { checkIntervalSecs: 30, startupTimeoutSecs: 300 } }).health).toBeUndefined()
    expect(spec({ health: {} }).health).toBeUndefined()
  })

  test('take the short form’s words where they do not say themselves', () => {
    const health = { readiness: { http: {} }, startupTimeoutSecs: 60, checkIntervalSecs: 20 }
    expect(spec({ ports: [80], health }).health).toMatchObject({
      startup: { check: { type: 'http', path: '/', port: 80 }, everyMs: 5_000, failures: 12 },
      readiness: { everyMs: 20_000, failures: 3 },
    })
  })

  test.each([
    [{ readiness: {} }, /needs one of http, tcp and exec/],
    [{ readiness: { http: {}, tcp: {} } }, /needs one of/],
    [{ liveness: { tcp: {} } }, /needs a port/],
    [{ liveness: { http: { path: 'x', port: 1 } } }, /must be a path/],
    [{ liveness: { http: { path: '/a b', port: 1 } } }, /must be a path/],
    [{ liveness: { tcp: { port: 1 }, every: '50ms' } }, /at least 200 ms/],
    [{ alive: {} }, /no alive/],
  ])('%j is refused', (health, problem) => {
    expect(() => spec({ health })).toThrow(problem)
  })
})
