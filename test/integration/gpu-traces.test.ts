/** The real code between the node and nvidia-smi, against the lab's simulated nvidia-smi: clean, used, hanging, garbage, and reset. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeEach, describe, expect, test } from 'vitest'
import { nvidiaProbe } from '../../src/adapters/nvidia/probe.ts'
import { systemClock } from '../../src/adapters/system/clock.ts'
import { systemTools } from '../../src/adapters/system/tool.ts'
import type { GpuDevice } from '../../src/model/gpu.ts'
import { silent } from '../../src/ports/log.ts'
import { DeviceCare } from '../../src/services/inventory/device-care.ts'
import { eventually } from '../support/mesh.ts'

const folder = mkdtempSync(join(tmpdir(), 'claw-gpu-traces-'))
const tool = join(folder, 'nvidia-smi')
const table = join(folder, 'gpus.csv')
const apps = join(folder, 'apps.csv')
const simulated = join(import.meta.dirname, '..', '..', 'scripts', 'lab', 'gpu', 'nvidia-smi')
const [first, second] = ['GPU-0000000a-0000-4000-8000-000000000000', 'GPU-0000000a-0000-4000-8000-000000000001']

const fields =
  'index,uuid,name,memory.total,memory.used,memory.free,utilization.gpu,temperature.gpu,power.draw,power.limit,' +
  'clocks.sm,ecc.errors.uncorrected.volatile.total,clocks_event_reasons.active,pci.bus_id,driver_version,compute_cap,state'
const row = (index: number, uuid: string, { used = 4, ecc = 0 } = {}): string =>
  `${index},${uuid},NVIDIA A100 (simulated),81920,${used},${81_920 - used},0,35,60.50,400.00,1410,${ecc},0x01,00000000:0${index + 1}:00.0,550.54.15,8.0,ok`
const gpus = (...rows: readonly string[]): void => writeFileSync(table, [fields, ...rows, ''].join('\n'))
const script = (body: string): void => writeFileSync(tool, `#!/bin/sh\n${body}\n`, { mode: 0o755 })

beforeEach(() => {
  gpus(row(0, first), row(1, second))
  rmSync(apps, { force: true })
  script(`SIMULATED_GPU_TABLE=${table} exec ${simulated} "$@"`)
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))

async function hosted() {
  const probe = nvidiaProbe(systemTools(), { path: tool, lookTimeout: 500 })
  const { gpus: devices } = await probe.inventory(AbortSignal.timeout(20_000))
  const known: readonly GpuDevice[] = devices
  const deps = { probes: { gpus: [probe] }, devices: () => known, isHeld: () => false }
  return new DeviceCare({ ...deps, clock: systemClock, log: silent })
}

const found = async (): Promise<readonly string[]> => {
  const care = await hosted()
  await care.look([first, second])
  return care.devices().map(({ uuid, kind }) => `${uuid === first ? 0 : 1} ${kind}`)
}

describe('before a guest', () => {
  test('given two GPUs that nobody uses, then both are clean', async () => {
    expect(await found()).toEqual([])
  })

  test('given memory in use, errors of memory, or a compute process, then each is found', async () => {
    gpus(row(0, first, { used: 20_000 }), row(1, second, { ecc: 3 }))
    expect(await found()).toEqual(['0 memory', '1 errors'])
    gpus(row(0, first), row(1, second))
    writeFileSync(apps, `gpu_uuid,pid,used_memory\n${second},4711,512\n`)
    expect(await found()).toEqual(['1 processes'])
  })

  test('given a tool that hangs, prints garbage, fails, or is not there, then nothing counts as clean', async () => {
    const care = await hosted()
    const kinds = async (): Promise<readonly string[]> => {
      await care.look([first, second])
      return care.devices().map(({ kind }) => kind)
    }
    for (const body of [
      'exec sleep 30',
      'head -c 3000 /dev/urandom',
      'echo "0, GPU-x, ???"',
      'echo broken >&2; exit 9',
    ]) {
      script(body)
      expect(await kinds(), body).toEqual(['unknown', 'unknown'])
    }
    rmSync(tool)
    expect(await kinds()).toEqual(['unknown', 'unknown'])
  })

  test('given a list of processes that cannot be read, then nothing counts as clean', async () => {
    writeFileSync(apps, `gpu_uuid,pid,used_memory\n`)
    const care = await hosted()
    script(
      `case $1 in --query-compute*) echo "Segmentation fault";; *) SIMULATED_GPU_TABLE=${table} exec ${simulated} "$@";; esac`,
    )
    expect(await care.look([first])).toEqual(new Set([first]))
  })
})

test('given memory that stays after a guest, then the device is reset where that is allowed, unless something uses it', async () => {
  gpus(row(0, first, { used: 30_000 }), row(1, second, { used: 30_000 }))
  writeFileSync(apps, `gpu_uuid,pid,used_memory\n${second},4711,30000\n`)
  const care = await hosted()
  await care.start()
  care.left([first, second], { mayReset: true })
  await eventually(
    'the one is clean',
    20_000,
    () => Promise.resolve([...care.unclean()]),
    (left) => left.join() === second,
  )
  expect(care.devices()).toMatchObject([{ uuid: second, kind: 'processes' }])
  expect(readFileSync(table, 'utf8')).toContain(`${first},NVIDIA A100 (simulated),81920,0,81920`)
  await care.stop()
}, 40_000)
