import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { unitFor } from '../../../../src/core/install/unit.ts'

const template = readFileSync(new URL('../../../../config/clawnode.service', import.meta.url), 'utf8')
const start = ['/usr/bin/node', '/opt/claw bernetes/bin/clawnode.cjs', 'start', '--data-dir', '/data/50%/$HOME']
const wish = { start, isUser: false, engineGroup: 'docker', isAtHome: false, dataDir: null }

test('given words with signs of systemd, when the unit is made, then they arrive as they are', () => {
  expect(unitFor(template, wish)).toContain(
    'ExecStart=/usr/bin/node "/opt/claw bernetes/bin/clawnode.cjs" start --data-dir /data/50%%/$$HOME\n',
  )
})

test('given the service of a host, when nothing is special, then it is as hardened as the one that comes along', () => {
  const lines = (text: string) => text.split('\n').filter((line) => !/^(#|ExecStart)/.test(line))
  expect(lines(unitFor(template, wish))).toEqual(lines(template))
})

test('given no group of the engine, or a program in somebody’s home, when the unit is made, then it fits that', () => {
  expect(unitFor(template, { ...wish, engineGroup: null })).not.toContain('SupplementaryGroups')
  expect(unitFor(template, { ...wish, isAtHome: true })).toContain('ProtectHome=read-only')
})

test('given a data directory elsewhere, when the unit is made, then the daemon may write there', () => {
  expect(unitFor(template, { ...wish, dataDir: '/data/50%/my $HOME' })).toContain(
    'ProtectSystem=strict\nReadWritePaths="/data/50%%/my $HOME"\n',
  )
  expect(unitFor(template, { ...wish, isUser: true, dataDir: '/data' })).not.toContain('ReadWritePaths')
})

test('given a user’s own systemd, when the unit is made, then nothing is left that only root’s can do', () => {
  const unit = unitFor(template, { ...wish, isUser: true })
  expect(unit).toContain('WantedBy=default.target')
  expect(unit).not.toMatch(/^(User|Protect|StateDirectory|CapabilityBoundingSet)/m)
  expect(unit).toContain('KillMode=process')
})
