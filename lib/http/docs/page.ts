/** The page that shows the description: of our own text, and what Swagger UI needs. */

/** Files of Swagger UI (npm: swagger-ui-dist) that the page takes. */
export const docsAssets = {
  'swagger-ui-bundle.js': 'text/javascript; charset=utf-8',
  'swagger-ui.css': 'text/css; charset=utf-8',
  'favicon-32x32.png': 'image/png',
} as const;
export type DocsAsset = keyof typeof docsAssets;

/** Nothing comes from elsewhere, nothing goes elsewhere. Swagger UI has its arrows in its style sheet, as data URLs. */
export const contentSecurityPolicy = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self' data:",
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ');

export const script = `'use strict';
SwaggerUIBundle({
  url: new URL('v1/openapi.json', document.baseURI).href,
  dom_id: '#description',
  deepLinking: true,
  displayOperationId: true,
  displayRequestDuration: true,
  defaultModelsExpandDepth: 0,
  // Else its badge would ask a host of its own about the description.
  validatorUrl: null,
  // A key that was typed in is forgotten with the page.
  persistAuthorization: false,
});
`;

/** The page, for /docs: its links are relative to that. @param versions of its files, which change with what is in them. */
export const page = (versions: Readonly<Record<DocsAsset | 'docs.js', string>>): string => {
  const link = (name: DocsAsset | 'docs.js'): string => `docs/${name}?v=${versions[name]}`;
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Millrace: the HTTP interface</title>
<link rel="icon" type="image/png" href="${link('favicon-32x32.png')}">
<link rel="stylesheet" href="${link('swagger-ui.css')}">
</head>
<body>
<noscript>This page needs JavaScript. What it shows is in <a href="v1/openapi.json">v1/openapi.json</a>.</noscript>
<div id="description"></div>
<script src="${link('swagger-ui-bundle.js')}"></script>
<script src="${link('docs.js')}"></script>
</body>
</html>
`;
};
