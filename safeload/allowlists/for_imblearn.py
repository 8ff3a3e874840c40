"""imbalanced-learn: its samplers, ensembles and pipeline.

Not in force by default. All pure Python, each loaded by setting attributes and nothing else, like
scikit-learn's.
"""

from __future__ import annotations

from typing import Final

from safeload.allowlists.rules_forms import no_args
from safeload.allowlists.rules_sklearn import estimator_state
from safeload.allowlists.table import Entries, rows

PROFILE: Final = "imblearn"

_OVER: Final = "imblearn.over_sampling"
_SELECTION: Final = "imblearn.under_sampling._prototype_selection"

ENTRIES: Final[Entries] = rows(
    PROFILE,
    f"""
    imblearn.base: FunctionSampler
    imblearn.combine._smote_enn: SMOTEENN
    imblearn.combine._smote_tomek: SMOTETomek
    imblearn.ensemble._bagging: BalancedBaggingClassifier
    imblearn.ensemble._easy_ensemble: EasyEnsembleClassifier
    imblearn.ensemble._forest: BalancedRandomForestClassifier
    imblearn.ensemble._weight_boosting: RUSBoostClassifier
    imblearn.metrics.pairwise: ValueDifferenceMetric
    {_OVER}._adasyn: ADASYN
    {_OVER}._random_over_sampler: RandomOverSampler
    {_OVER}._smote.base: SMOTE SMOTEN SMOTENC
    {_OVER}._smote.cluster: KMeansSMOTE
    {_OVER}._smote.filter: BorderlineSMOTE SVMSMOTE
    imblearn.pipeline: Pipeline
    imblearn.under_sampling._prototype_generation._cluster_centroids: ClusterCentroids
    {_SELECTION}._condensed_nearest_neighbour: CondensedNearestNeighbour
    {_SELECTION}._edited_nearest_neighbours: AllKNN EditedNearestNeighbours
    {_SELECTION}._edited_nearest_neighbours: RepeatedEditedNearestNeighbours
    {_SELECTION}._instance_hardness_threshold: InstanceHardnessThreshold
    {_SELECTION}._nearmiss: NearMiss
    {_SELECTION}._neighbourhood_cleaning_rule: NeighbourhoodCleaningRule
    {_SELECTION}._one_sided_selection: OneSidedSelection
    {_SELECTION}._random_under_sampler: RandomUnderSampler
    {_SELECTION}._tomek_links: TomekLinks
    """,
    uses="ns",
    reason="parameters and fitted numbers in its attributes; no code of its own at load",
    call=no_args,
    state=estimator_state,
)
