// The studio as it is used: a code, the next ones, the end of the day's, a plan, and on.

import { buy, register } from './steps.mjs';
import { expect, test } from './watched';

for (const javaScriptEnabled of [true, false]) {
  test.describe(javaScriptEnabled ? 'with JavaScript' : 'without JavaScript', () => {
    test.use({ javaScriptEnabled });

    test('the free codes of a day, and more with Pro', async ({ page, baseURL, wantStatus }) => {
      wantStatus(422);
      const email = await register(page);
      await page.getByRole('navigation', { name: 'Main' }).getByRole('link', { name: 'Studio' }).click();
      const text = page.getByLabel('What the code holds');
      const make = page.getByRole('button', { name: 'Make the code' });
      await expect(page.getByText('3 of 3 QR codes left today.')).toBeVisible();

      await text.fill('x'.repeat(501));
      await make.click();
      await expect(page.getByText('This is 501 characters long.')).toBeVisible();
      await expect(text).toHaveValue('x'.repeat(501));
      await expect(text).toHaveAttribute('aria-invalid', 'true');

      for (const [number, left] of [[1, '2 of 3'], [2, '1 of 3']] as const) {
        await text.fill(`https://example.org/${number}`);
        await make.click();
        await expect(page.getByRole('img', { name: `QR code: https://example.org/${number}` })).toBeVisible();
        await expect(page.getByText(`${left} QR codes left today.`)).toBeVisible();
        await expect(text).toHaveValue('');
      }
      await text.fill('a last one\nof two lines');
      await make.click();
      await expect(page.getByText('All 3 QR codes of today are used up.')).toBeVisible();
      await expect(make).toHaveCount(0);
      await expect(page.getByRole('list').getByRole('link', { name: /example.org/ })).toHaveCount(2);

      const download = page.waitForEvent('download');
      await page.getByRole('link', { name: 'Download SVG' }).click();
      expect((await download).suggestedFilename()).toBe('qr-code.svg');

      const offer = page.getByRole('region', { name: 'Nothing left' }).getByRole('link', { name: /^Start Pro, \$12/ });
      await expect(offer).toHaveAttribute('href', '/buy?plan=pro&interval=month');
      await buy(page, email);
      await page.getByRole('link', { name: 'Open the studio' }).click();
      await expect(page.getByText(/^300 of 300 QR codes left until/)).toBeVisible();
      await text.fill('on it goes');
      await make.click();
      await expect(page.getByText(/^299 of 300 QR codes left until/)).toBeVisible();

      await page.getByRole('link', { name: 'Make a sheet' }).click();
      await page.getByLabel('What the codes hold').fill('one\ntwo\n\nthree');
      await page.getByRole('button', { name: 'Make the sheet' }).click();
      await expect(page.getByRole('img', { name: /^QR code: / })).toHaveCount(3);
      await expect(page.getByText(/^296 of 300 QR codes left until/)).toBeVisible();
      expect(new URL(page.url()).origin).toBe(baseURL);
    });
  });
}
