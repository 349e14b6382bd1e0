import assert from 'node:assert/strict'
import { test } from 'node:test'
import { languageFor } from './languages.ts'

test('the language is the one of ours that a request likes best', () => {
  const wanted: [header: string | undefined, language: string][] = [
    [undefined, 'en'],
    ['', 'en'],
    ['zh', 'zh'],
    ['zh-CN,zh;q=0.9,en;q=0.8', 'zh'],
    ['ZH-Hant-TW', 'zh'],
    ['en-GB,en;q=0.9,zh;q=0.8', 'en'],
    ['en;q=0.4, zh;q=0.5', 'zh'],
    ['de, fr;q=0.9, zh;q=0.1', 'zh'],
    ['de, fr', 'en'],
    ['*', 'en'],
    ['zh;q=0.5, *', 'en'],
    ['zh;q=0', 'en'],
    ['zhx, en', 'en'],
    ['zh;q=eleven', 'en'],
    [';;,,q=1', 'en'],
  ]
  for (const [header, language] of wanted) assert.equal(languageFor(header), language, header)
})
