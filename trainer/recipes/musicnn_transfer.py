"""Transfer: what musicnn heard in 200,000 songs, and genres learned from few.

Data      any corpus of labelled clips; artists are kept apart where the corpus names them
Window    187 frames of 256 samples at 16,000 Hz: 2.99 s, every 2.50 s
Command   tagger train --dataset csv:FILE --recipe musicnn
Time      2 minutes on two CPU cores for 800 training clips (7 hours of audio), spectrograms included
Score     58.2 % of 1,085 test tracks (54.1 to 61.8) whose corpus was left out, macro F1 60.1 % (56.1 to 63.3),
          on the bundled model's corpora; in five folds by artist 60.1 % of 1,312 (56.6 to 63.7) and 52.2 %
          (48.8 to 55.0). Logistic regression on mean MFCCs reaches 21.2 % where the corpus was left out

Only the last layer learns, and from windows as they are: on music of a corpus that was left out, learning the
dense layers too lost four points of accuracy in trials, and changed windows four.
"""

from __future__ import annotations

from tagger.inference.frontend import FrontEnd
from trainer.recipe import Fitting, Phase, Recipe
from trainer.sampling import Sampling

NOTES = (
    "Its filters are those of musicnn 0.1.0, Copyright (c) Music Technology Group, Universitat Pompeu Fabra "
    "2019, code developed by Jordi Pons, under the ISC licence: "
    "Permission to use, copy, modify, and/or distribute this software for any purpose with or without fee is "
    "hereby granted, provided that the above copyright notice and this permission notice appear in all copies. "
    'THE SOFTWARE IS PROVIDED "AS IS" AND THE AUTHOR DISCLAIMS ALL WARRANTIES WITH REGARD TO THIS SOFTWARE '
    "INCLUDING ALL IMPLIED WARRANTIES OF MERCHANTABILITY AND FITNESS. IN NO EVENT SHALL THE AUTHOR BE LIABLE "
    "FOR ANY SPECIAL, DIRECT, INDIRECT, OR CONSEQUENTIAL DAMAGES OR ANY DAMAGES WHATSOEVER RESULTING FROM LOSS "
    "OF USE, DATA OR PROFITS, WHETHER IN AN ACTION OF CONTRACT, NEGLIGENCE OR OTHER TORTIOUS ACTION, ARISING "
    "OUT OF OR IN CONNECTION WITH THE USE OR PERFORMANCE OF THIS SOFTWARE",
    "They learned from songs of the Million Song Dataset; a track that tests may be among them",
)

RECIPE = Recipe(
    name="musicnn",
    description="Genre of a piece of music from its sound, by musicnn's filters and a classifier of our own",
    notes=NOTES,
    front_end=FrontEnd(sample_rate=16000, n_fft=512, hop_length=256, n_mels=96, fmax=8000.0),
    window_frames=187,
    hop_frames=156,
    network="musicnn",
    network_parameters={"weights": "musicnn", "l2": 0.05},
    smoke_parameters={"weights": "none"},
    sampling=Sampling(windows_per_epoch=2048, partial=True),
    fitting=Fitting(
        loss="partial",
        phases=(Phase(epochs=16, learning_rate=5e-3, trainable="head_"),),
        warmup_epochs=1,
        weight_decay=0.0,
        label_smoothing=0.0,
        ema_momentum=0.98,
    ),
)

RECIPES = (RECIPE,)
