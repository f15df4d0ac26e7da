// SPDX-License-Identifier: Apache-2.0
// Compiles a Kaitai Struct description, given as JSON, to Python: kaitai.js COMPILER FOLDER <JSON
'use strict';
const fs = require('fs');
const path = require('path');

const [compiler, folder] = process.argv.slice(2);
const description = JSON.parse(fs.readFileSync(0, 'utf8'));
require(path.resolve(compiler)).compile('python', description, null, false).then((files) => {
  for (const [name, text] of Object.entries(files)) {
    fs.writeFileSync(path.join(folder, name), text);
  }
}).catch((error) => {
  console.error(String(error.message || error));
  process.exit(1);
});
