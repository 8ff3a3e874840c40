"""Modules of scikit-learn under the names that they had before 0.22, when each got its underscore."""

from __future__ import annotations

from typing import Final

# Package: today's module, then its old name where that is more than the underscore less.
_MOVED: Final = """
cluster: _affinity_propagation=affinity_propagation_ _agglomerative=hierarchical _bicluster _birch
cluster: _dbscan=dbscan_ _kmeans=k_means_ _mean_shift=mean_shift_ _optics=optics_ _spectral
covariance: _elliptic_envelope _empirical_covariance=empirical_covariance_ _graph_lasso=graph_lasso_
covariance: _robust_covariance _shrunk_covariance=shrunk_covariance_
cross_decomposition: _cca=cca_ _pls=pls_
decomposition: _base _dict_learning _factor_analysis _fastica=fastica_ _incremental_pca _kernel_pca
decomposition: _lda=online_lda _nmf _pca _sparse_pca _truncated_svd
ensemble: _bagging _base _forest _gb=gradient_boosting _gb_losses=gradient_boosting _iforest _voting=voting_classifier
ensemble: _weight_boosting
feature_extraction: _dict_vectorizer _hash=hashing
feature_selection: _from_model _mutual_info=mutual_info_ _rfe _univariate_selection _variance_threshold
gaussian_process: _gpc _gpr
linear_model: _base _bayes _coordinate_descent _huber _least_angle _logistic _omp _passive_aggressive
linear_model: _perceptron _ransac _ridge _stochastic_gradient _theil_sen
manifold: _isomap _locally_linear _mds _spectral_embedding=spectral_embedding_ _t_sne
metrics: _classification _ranking _regression _scorer
mixture: _base _bayesian_mixture _gaussian_mixture
neighbors: _ball_tree _dist_metrics _kd_tree
neighbors: _base _classification _graph _kde _lof _nca _nearest_centroid _regression _unsupervised
neural_network: _multilayer_perceptron _rbm
preprocessing: _data _encoders=data _label _polynomial=data
semi_supervised: _label_propagation
svm: _base _classes
tree: _classes=tree
"""


def _modules() -> dict[str, str]:
    found = {"sklearn.impute._base": "sklearn.impute"}
    for line in _MOVED.strip().splitlines():
        package, _, names = line.partition(": ")
        for name in names.split():
            now, _, before = name.partition("=")
            found[f"sklearn.{package}.{now}"] = f"sklearn.{package}.{before or now[1:]}"
    return found


BEFORE_0_22: Final = _modules()
