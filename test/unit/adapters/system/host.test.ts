import os from 'node:os'
import { expect, test } from 'vitest'
import { systemHost } from '../../../../src/adapters/system/host.ts'
import { never } from '../scripted-tools.ts'

test('the host is described, and asked for only once', async () => {
  const host = systemHost(os.tmpdir())
  const inventory = await host.inventory(never)
  expect(inventory.hostname).toBe(os.hostname())
  expect(inventory.cpuCores).toBeGreaterThan(0)
  expect(inventory.memoryMib).toBeGreaterThan(0)
  expect(inventory.diskMib).toBeGreaterThan(0)
  expect([inventory.os, inventory.kernel, inventory.arch, inventory.cpuModel].every((text) => text !== '')).toBe(true)
  expect(await host.inventory(never)).toBe(inventory)
})

test('a sample is within what the host has', async () => {
  const host = systemHost(os.tmpdir())
  const { memoryMib, diskMib } = await host.inventory(never)
  const sample = await host.sample(never)
  expect(sample.memoryTotalMib).toBe(memoryMib)
  expect(sample.memoryUsedMib).toBeLessThanOrEqual(memoryMib)
  expect(sample.diskFreeMib).toBeLessThanOrEqual(diskMib)
  expect(sample.cpuUtilization).toBeGreaterThanOrEqual(0)
  expect(sample.cpuUtilization).toBeLessThanOrEqual(100)
})
