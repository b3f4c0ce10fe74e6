/**
 * The one page that is shown without a session, and the headers of every answer. Used by http.ts. No script, no
 * file of its own: its style is allowed by its hash.
 */
import { createHash } from 'node:crypto';

export type Language = 'fr' | 'en';

const words = {
  fr: {
    title: 'Vigie : connexion',
    intro: 'Caméra de vidéoprotection. Accès réservé aux personnes habilitées.',
    name: 'Nom',
    secret: 'Secret',
    submit: 'Se connecter',
    other: 'English',
    refused: 'Nom ou secret incorrect.',
    wait: 'Trop de tentatives. Attendez un instant, puis réessayez.',
    link: "Ce lien n'est plus valable. Un lien sert une fois, pendant dix minutes.",
  },
  en: {
    title: 'Vigie: log in',
    intro: 'Street camera. For authorised persons only.',
    name: 'Name',
    secret: 'Secret',
    submit: 'Log in',
    other: 'Français',
    refused: 'Wrong name or secret.',
    wait: 'Too many attempts. Wait a moment, then try again.',
    link: 'This link is no longer valid. A link works once, for ten minutes.',
  },
} as const;
export type LoginProblem = 'refused' | 'wait' | 'link';

const style = `
:root { color-scheme: dark; }
body { margin: 0; min-height: 100vh; display: grid; place-items: center; background: #0e1318; color: #e8edf2;
  font: 16px/1.5 system-ui, "DejaVu Sans", sans-serif; }
main { box-sizing: border-box; width: min(24rem, 92vw); padding: 2rem; background: #161d24;
  border: 1px solid #2b3742; border-radius: 10px; }
h1 { margin: 0 0 .25rem; font-size: 1.5rem; letter-spacing: .04em; }
p { margin: 0 0 1.25rem; color: #a9b6c2; font-size: .9rem; }
p.problem { color: #ffb4a9; border-left: 3px solid #ff6b57; padding-left: .75rem; }
label { display: block; margin-bottom: 1rem; font-size: .9rem; }
input { box-sizing: border-box; display: block; width: 100%; margin-top: .3rem; padding: .6rem .7rem; font: inherit;
  color: inherit; background: #0e1318; border: 1px solid #5b6b79; border-radius: 6px; }
button { width: 100%; padding: .65rem; font: inherit; font-weight: 600; color: #06202b; background: #5cc8f2;
  border: 0; border-radius: 6px; cursor: pointer; }
:focus-visible { outline: 3px solid #ffd166; outline-offset: 2px; }
a { display: inline-block; margin-top: 1.25rem; color: #5cc8f2; font-size: .9rem; }
`;

const styleHash = createHash('sha256').update(style).digest('base64');

/** Content-Security-Policy of the login page: nothing but its own style and its own form. */
export const loginPolicy = [
  "default-src 'none'",
  `style-src 'sha256-${styleHash}'`,
  "form-action 'self'",
  "frame-ancestors 'none'",
  "base-uri 'none'",
].join('; ');

export const consolePolicy = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self' blob:",
  'media-src blob:',
  "connect-src 'self'",
  "form-action 'self'",
  "frame-ancestors 'none'",
  "base-uri 'none'",
].join('; ');

/**
 * On every answer. The referrer policy is `same-origin` and not `no-referrer`: under the latter a browser sends
 * `Origin: null` with the login form, and the origin could not be checked. Nothing goes to another origin either way.
 */
export const commonHeaders: Readonly<Record<string, string>> = {
  'X-Content-Type-Options': 'nosniff',
  'Referrer-Policy': 'same-origin',
  'Cache-Control': 'no-store',
  'Cross-Origin-Opener-Policy': 'same-origin',
  'Cross-Origin-Resource-Policy': 'same-origin',
  'Permissions-Policy': 'camera=(), microphone=(), geolocation=()',
};

/** The page holds nothing that came from a request. */
export function loginPage(language: Language, problem: LoginProblem | null): string {
  const text = words[language];
  const other = language === 'fr' ? 'en' : 'fr';
  return `<!doctype html>
<html lang="${language}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${text.title}</title>
<style>${style}</style>
</head>
<body>
<main>
<h1>Vigie</h1>
<p>${text.intro}</p>
${problem ? `<p class="problem" role="alert">${text[problem]}</p>` : ''}
<form method="post" action="/login?language=${language}">
<label>${text.name}<input name="name" autocomplete="username" autocapitalize="none" maxlength="64" required></label>
<label>${text.secret}<input name="secret" type="password" autocomplete="current-password" maxlength="256" required></label>
<button>${text.submit}</button>
</form>
<a href="/login?language=${other}" lang="${other}">${text.other}</a>
</main>
</body>
</html>
`;
}

/** From the query when it says one, else from the browser's preference. */
export function languageOf(query: string, acceptLanguage: string): Language {
  const asked = new URLSearchParams(query).get('language');
  if (asked === 'fr' || asked === 'en') return asked;
  const first = acceptLanguage.toLowerCase().match(/\b(fr|en)\b/);
  return first?.[1] === 'fr' ? 'fr' : 'en';
}
