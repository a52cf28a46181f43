import { expect, test } from 'vitest'
import type { VaultFacts } from '../../../../src/core/vault/keeping.ts'
import { demotedFor, demotions, nextVaultStep } from '../../../../src/core/vault/keeping.ts'
import type { NodeId } from '../../../../src/model/ids.ts'
import type { Vault } from '../../../../src/model/secret.ts'
import { ada, bob, cyd } from '../../../support/control-samples.ts'

const vault = (holders: readonly NodeId[], parts: Partial<Vault> = {}): Vault => ({
  ...{ epoch: 3, publicKey: 'a2V5', since: 0, isExposed: false },
  holders: new Map(holders.map((node) => [node, 'sealed'])),
  ...parts,
})

const facts = (parts: Partial<VaultFacts>): VaultFacts => ({
  ...{ self: ada, vault: vault([ada, bob]), holds: true, members: new Set([ada, bob, cyd]) },
  ...{ voters: [ada, bob], demotedSince: new Map(), at: 0 },
  ...parts,
})

test('given all voters hold the key, and nobody else, there is nothing to do', () => {
  expect(nextVaultStep(facts({}))).toBeNull()
})

test('given no key, the leader makes one for all voters', () => {
  expect(nextVaultStep(facts({ vault: null, holds: false }))).toEqual({ do: 'begin', epoch: 1, holders: [ada, bob] })
})

test('given a voter without the key, it is lent to that one', () => {
  expect(nextVaultStep(facts({ voters: [ada, bob, cyd] }))).toEqual({ do: 'lend', to: [cyd] })
})

test('given a holder was removed, there is a new key for the others', () => {
  const step = nextVaultStep(facts({ vault: vault([ada], { isExposed: true }) }))
  expect(step).toEqual({ do: 'renew', epoch: 4, holders: [ada, bob] })
})

test('given a holder has lost its vote, there is a new key only once that has lasted', () => {
  const seen = demotions(new Map(), { vault: vault([ada, bob, cyd]), voters: [ada, bob], at: 100 })
  const one = { vault: vault([ada, bob, cyd]), demotedSince: seen }
  expect(nextVaultStep(facts({ ...one, at: 99 + demotedFor }))).toBeNull()
  expect(nextVaultStep(facts({ ...one, at: 100 + demotedFor }))).toMatchObject({ do: 'renew', holders: [ada, bob] })
  expect(demotions(seen, { vault: one.vault, voters: [ada, bob, cyd], at: 200 }).size).toBe(0)
})

test('given a leader that cannot open the vault, the lead goes to a voter that can', () => {
  expect(nextVaultStep(facts({ holds: false, vault: vault([bob]) }))).toEqual({ do: 'yield', to: bob })
})

test('given a holder that is still a member but no voter, nothing of it is given up', () => {
  expect(nextVaultStep(facts({ holds: false, vault: vault([cyd]) }))).toBeNull()
})

test('given nobody is left who can open the vault, another begins', () => {
  const members = new Set([ada, bob])
  expect(nextVaultStep(facts({ holds: false, members, vault: vault([cyd]) }))).toMatchObject({ do: 'begin', epoch: 4 })
})
