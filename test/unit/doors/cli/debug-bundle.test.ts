import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gunzipSync } from 'node:zlib'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { BundleIndex } from '../../../../src/doors/cli/work/debug-archive.ts'
import { fitted } from '../../../../src/doors/cli/work/debug-parts.ts'
import { hiderOf } from '../../../../src/doors/cli/work/hide-secrets.ts'
import { tarEntries } from '../../../../src/lib/tar-entries.ts'
import { ClawError } from '../../../../src/model/failure.ts'
import { fakeHost } from '../../../support/fake-host.ts'
import { type Answers, cli, items, workload } from '../../../support/run-cli.ts'

let folder: string
let file: string

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'claw-debug-'))
  file = join(folder, 'report.tar.gz')
})
afterEach(() => {
  rmSync(folder, { recursive: true })
})

const hostWith = (env: Readonly<Record<string, string>> = {}) =>
  fakeHost({ home: folder, env: { CLAWBERNETES_GATEWAY_URL: `unix:${join(folder, 'nobody.sock')}`, ...env } })

async function contentOf(path: string): Promise<ReadonlyMap<string, string>> {
  const archive = items(gunzipSync(readFileSync(path))) as AsyncIterable<Uint8Array>
  const files = new Map<string, string>()
  for await (const { entry, content } of tarEntries(archive, { entries: 100, bytes: 1_000_000 }))
    if (entry.kind === 'file') files.set(entry.path, Buffer.concat(await Array.fromAsync(content)).toString('utf8'))
  return files
}

const pem = '-----BEGIN OPENSSH PRIVATE KEY-----\nCANARYpem\nCANARYpem2\n-----END OPENSSH PRIVATE KEY-----'
const hostToken = `claw_CANARY${'x'.repeat(37)}`
const refused = (): never => {
  throw new ClawError('PERMISSION_DENIED', { action: 'read events' })
}

const answers: Answers = {
  version: () => ({ version: '0.1.0', node: 'gpu-node-1' }),
  status: () => ({ leader: 'gpu-node-1', insecure: 'Authorization: Bearer CANARYheader' }),
  'workload.list': () => [
    workload({
      env: { HF_TOKEN: 'CANARYenv', MODE: 'CANARYplain' },
      command: ['serve', '--api-key', 'CANARYflag', 'eyJCANARY.eyJjwt.sig', '--password=CANARYassigned', pem],
      annotations: { note: 'ask with bearer CANARYbearer', password: 'CANARYnamed' },
      error: {
        code: 'X',
        message: `https://bob:CANARYurl@registry.example/v2 refused clk_CANARYours, claw1.CANARYjoin, ${hostToken}`,
      },
    }),
  ],
  'metrics.scrape': () => ({ text: 'claw_up 1\n# CANARYknown-here\n' }),
  'events.query': refused,
}

describe('debug bundle', () => {
  test('given secrets of every kind in the answers, then none of them is in the file, and the rest is', async () => {
    const host = hostWith({ CLAWBERNETES_TOKEN: 'CANARYknown-here' })
    const { code, out } = await cli(['debug', 'bundle', '--file', file, '--json'], answers, host)
    expect(code).toBe(0)
    const files = await contentOf(file)
    expect([...files.values(), out].join('\n')).not.toContain('CANARY')
    const [work] = JSON.parse(files.get('clawbernetes-debug/workloads.json') ?? '') as [Record<string, unknown>]
    expect(work).toMatchObject({ name: 'job', image: 'busybox', env: { HF_TOKEN: '(secret)', MODE: '(secret)' } })
    expect(files.get('clawbernetes-debug/metrics.txt')).toContain('claw_up 1')
    expect(files.get('clawbernetes-debug/doctor.json')).toContain('command line')
  })

  test('given what the caller may not see, then the index names it with its code, and all else is there', async () => {
    const { code, out } = await cli(['debug', 'bundle', '--file', file, '--json'], answers, hostWith())
    const index = JSON.parse(out) as BundleIndex
    expect(code).toBe(0)
    expect(index.missing).toContainEqual(
      expect.objectContaining({ file: 'events.json', from: 'events.query', code: 'PERMISSION_DENIED' }),
    )
    const files = await contentOf(file)
    expect(JSON.parse(files.get('clawbernetes-debug/bundle.json') ?? '')).toMatchObject({ missing: index.missing })
    const named = index.files.map((one) => `clawbernetes-debug/${one.file}`)
    expect([...files.keys()]).toEqual(['clawbernetes-debug/bundle.json', ...named])
    expect(named).toContain('clawbernetes-debug/status.json')
  })

  test('only its owner reads the file, and nothing else is left', async () => {
    const { err } = await cli(['debug', 'bundle', '--file', file], answers, hostWith())
    expect(statSync(file).mode & 0o777).toBe(0o600)
    expect(readdirSync(folder)).toEqual(['report.tar.gz'])
    expect(err).toMatch(/^workloads\.json: \d+ bytes$/m)
    expect(err).toMatch(/^events\.json: PERMISSION_DENIED$/m)
  })

  test('--node tells more of a node, whatever its name holds', async () => {
    const more: Answers = {
      'node.info': () => ({ name: 'rack/1' }),
      'node.events': () => [],
      'node.invoke': (input) =>
        (input as { readonly command: string }).command === 'metrics.scrape' ? { text: 'claw_up 1\n' } : { load: 1 },
    }
    await cli(['debug', 'bundle', '--file', file, '--node', '../rack'], { ...answers, ...more }, hostWith())
    const files = await contentOf(file)
    expect(files.get('clawbernetes-debug/nodes/1----rack/metrics.txt')).toBe('claw_up 1\n')
    expect(JSON.parse(files.get('clawbernetes-debug/nodes/1----rack/health.json') ?? '')).toEqual({ load: 1 })
  })

  test('called off in the middle, it leaves no file', async () => {
    const off = new AbortController()
    const status = (): never => {
      off.abort()
      return refused()
    }
    const { code } = await cli(['debug', 'bundle', '--file', file], { ...answers, status }, hostWith(), off)
    expect([code, existsSync(file), readdirSync(folder)]).toEqual([130, false, []])
  })

  test('more nodes than it asks are refused', async () => {
    const many = Array.from({ length: 17 }, (_, at) => ['--node', `n${at}`]).flat()
    const { code, err, asked } = await cli(['debug', 'bundle', ...many], answers, hostWith())
    expect([code, asked]).toEqual([5, []])
    expect(err).toContain('16 nodes at most')
  })
})

describe('what is too long', () => {
  const hider = hiderOf([])

  test('is cut to fewer items, or lines, and says so', () => {
    const list = fitted(
      'x.json',
      Array.from({ length: 40 }, () => 'a'.repeat(60_000)),
      hider,
    )
    expect(list.isCut).toBe(true)
    expect(list.bytes.length).toBeLessThanOrEqual(1_048_576)
    expect((JSON.parse(list.bytes.toString()) as string[]).length).toBe(10)
    const text = fitted('x.txt', `${'b'.repeat(600_000)}\n`.repeat(3), hider)
    expect([text.isCut, text.bytes.length]).toEqual([true, 600_001])
  })

  test('is looked through for secrets in no more time than it takes to read it', () => {
    const long = [...'-a:= e', '-eyJ', 'key="', '-key ', '://']
      .map((part) => part.repeat(1_000_000 / part.length))
      .join('\n')
    const since = performance.now()
    expect(hider.text(long).length).toBeGreaterThan(6_000_000)
    expect(performance.now() - since, 'ms').toBeLessThan(10_000)
  })
})
